// Every word the page itself says: [Chinese, English].
const WORDS = {
  lang: ["中文", "English"], other: ["English", "中文"], print: ["打印", "Print"],
  search: ["查找", "Search"], searchHint: ["网格编号、区县、乡镇或企业名称", "cell code, county, township or facility"],
  nothing: ["没有找到", "Nothing found"], city: ["城市", "City"], allCities: ["全部城市", "All cities"],
  layer: ["图层", "Layer"], overlay: ["叠加显示", "Shown on top"], warnings: ["预警网格", "Warning cells"],
  warned: ["预警网格", "Warning cells"], hot: ["热点网格边界", "Hotspot cells"], borders: ["市县界线", "City and county borders"],
  facilities: ["企业与设施", "Facilities"], noData: ["无数据", "no data"], none: ["本月没有预警网格", "No warning cells this month"],
  cell: ["网格", "Cell"], cells: ["个网格", "cells"], hotspots: ["个热点网格", "hotspot cells"], wcells: ["个预警网格", "warning cells"],
  mean: ["PM2.5 月均值", "PM2.5 monthly mean"], coverage: ["覆盖率", "Coverage"], nValid: ["有效日数", "Valid days"],
  error: ["误差（1σ）", "Error (1 sd)"], before: ["上月", "Previous month"], lastYear: ["上年同月", "Same month last year"],
  yoy: ["同比", "Year on year"], mom: ["环比", "Month on month"], gi: ["聚集类别", "Cluster"], isHot: ["热点网格", "Hotspot cell"],
  own: ["本月色阶", "own scale"], listed: ["在列概率 {0}", "{0} sure"], rank: ["第 {0} 位", "rank {0}"], pWorst: ["确居首位的概率", "Probability of being the worst"],
  pTop: ["确在名单内的概率", "Probability of belonging on the list"], rankSpan: ["位次区间", "Rank interval"],
  blurred: ["不可区分", "not distinguishable"], clear: ["可区分", "distinguishable"],
  blurredWhy: ["与相邻位次的差异小于误差或产品分辨率", "the difference to its neighbours in rank is within the error or the product's resolution"],
  sources: ["可能来源（按走访顺序）", "Possible sources, in visiting order"], upwind: ["上风 {0}/{1} 小时", "upwind {0} of {1} h"],
  more: ["另有 {0} 个，见检查清单", "{0} more on the checklist"], coordinates: ["坐标", "Coordinates"],
  notRanked: ["未参与排名", "Not ranked"], sumWarned: ["列入原因", "On the list for"],
  size: ["规模", "Size"], status: ["状态", "Status"], accuracy: ["位置精度", "Position"], vintage: ["资料年份", "Data of"], from: ["资料来源", "Source"],
  kind: ["类别", "Class"], about: ["数据说明", "About these data"], asOf: ["数据截至", "Data to"], source: ["数据来源", "Source"],
  completeness: ["完整性", "Completeness"], gas_state: ["浓度状态", "Gas state"], method: ["方法", "Method"], lattice_id: ["格网", "Lattice"],
  rules: ["规则", "Rules"], resolution: ["分辨率提示", "Resolution"], legend: ["图例", "Legend"], map: ["热点网格地图，方向键平移，回车键查看中心网格", "Map of cells; arrow keys move it, Enter opens the cell in the middle"],
  keys: ["键盘：Tab 移动焦点，方向键平移，+/− 缩放，回车查看地图中心的网格，Alt+方向键移到相邻网格，Esc 关闭。", "Keyboard: Tab moves on, arrows pan, +/− zoom, Enter opens the cell in the middle of the map, Alt+arrow goes to the next cell, Esc closes."],
  whole: ["全图", "Whole area"], zoomIn: ["放大", "Zoom in"], zoomOut: ["缩小", "Zoom out"], close: ["关闭", "Close"], km: ["公里", "km"],
};
const VALUES = {
  strong: ["强", "strong"], moderate: ["中", "moderate"], weak: ["弱", "weak"],
  "not enough hours": ["时数不足", "not enough hours"], "no hourly data": ["无小时数据", "no hourly data"],
  in_cell: ["网格内", "in the cell"], ring: ["周边", "nearby"], upwind: ["上风向", "upwind"],
  exact: ["准确", "exact"], approximate: ["大致", "approximate"], unknown: ["不详", "unknown"],
};
const WINDS = [["北", "N"], ["东北", "NE"], ["东", "E"], ["东南", "SE"], ["南", "S"], ["西南", "SW"], ["西", "W"], ["西北", "NW"]];
