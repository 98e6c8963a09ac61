// Every word the page itself says: [Chinese, English].
const WORDS = {
  lang: ["中文", "English"], other: ["English", "中文"], print: ["打印", "Print"],
  search: ["查找", "Search"], searchHint: ["编号、地名、企业，或 经度,纬度", "code, place, facility, or lon,lat"], outside: ["不在本图的网格内", "in no cell of this map"], swapped: ["按 纬度,经度 读取", "read as lat,lon"],
  nothing: ["没有找到", "Nothing found"], allCities: ["全部城市", "All cities"],
  layer: ["图层", "Layer"], overlay: ["叠加显示", "Shown on top"], warnings: ["预警网格", "Warning cells"],
  warned: ["预警网格", "Warning cells"], hot: ["热点网格", "Hotspot cells"], borders: ["市县界线", "Borders"],
  facilities: ["企业与设施", "Facilities"], noData: ["无数据", "no data"], none: ["本月没有预警网格", "No warning cells this month"],
  cell: ["网格", "Cell"], cells: ["个网格", "cells"], hotspots: ["个热点网格", "hotspot cells"], wcells: ["个预警网格", "warning cells"],
  mean: ["PM2.5 月均值", "PM2.5 monthly mean"], coverage: ["覆盖率", "Coverage"], nValid: ["有效日数", "Valid days"],
  error: ["误差（1σ）", "Error (1 sd)"],
  yoy: ["同比", "Year on year"], mom: ["环比", "Month on month"], gi: ["聚集类别", "Cluster"], isHot: ["热点网格", "Hotspot cell"],
  shared: ["统一色阶", "all months"], own: ["本月色阶", "this month"], scale: ["色阶", "Scale"],
  month: ["月份", "Month"], play: ["逐月播放", "Play the months"], pause: ["停止播放", "Stop"], backTo: ["回到发布月", "Back to the published month"],
  published: ["发布月：预警网格、原因和可能来源都属于本月。", "Published month: warning cells, reasons and sources are of this month."],
  belongs: ["预警网格、原因和可能来源属于 {0}（发布月）。", "Warning cells, reasons and sources belong to {0}, the published month."],
  noLayer: ["“{0}”{1}，图上为浓度。", "“{0}” {1}; the map shows concentrations."], onlyLast: ["只有发布月的数据", "is of the published month only"], baseOut: ["的基准月不在本页各月之内", "has no base among the months of this page"], noLayerData: ["在本月没有数据", "has no data in this month"],
  lastOnly: ["仅发布月", "latest only"], noBase: ["无基准月", "no base"], always: ["年度", "of the year"], highestOf: ["最高 {0}", "highest {0}"], course: ["各月浓度", "Months"], nearness: ["距名单有多近（概率 · 位次区间）", "How near the list (chance · rank interval)"], notHot: ["非热点网格或未排名", "no hotspot cell, or not ranked"],
  tiles: ["底图", "Base map"],
  net: ["底图来自{0}：打开本页会向其服务器（{1}）请求图片，服务器会知道所看的地方。", "The base map comes from {0}: this page asks its servers ({1}) for pictures, and they learn what is looked at."], shiftedNote: ["网格已移到 GCJ-02 再叠加。", "Cells were shifted to GCJ-02 before they were laid over."], tilesFailed: ["底图未能载入；网格和数据不受影响。", "The base map could not be loaded; cells and figures are not affected."], listed: ["在列概率 {0}", "{0} sure"], rank: ["第 {0} 位", "rank {0}"], pWorst: ["本月确居首位的概率", "Probability of being the worst this month"], pAgain: ["类似月份居首的概率", "Probability in a month like this"], nMay: ["本月可能居前的网格数", "Cells that may be among the worst"],
  pTop: ["本月确在名单内的概率", "Probability of belonging on the list"], rankSpan: ["位次区间", "Rank interval"],
  blurred: ["不可区分", "not distinguishable"], clear: ["可区分", "distinguishable"],
  blurredWhy: ["与相邻位次的差异小于误差或产品分辨率", "the difference to its neighbours in rank is within the error or the product's resolution"],
  past: ["本格以往", "What lies behind it"],
  sources: ["可能来源（按走访顺序）", "Possible sources, in visiting order"], upwind: ["上风 {0}/{1} 小时", "upwind {0} of {1} h"],
  more: ["另有 {0} 个，见检查清单", "{0} more on the checklist"],
  notRanked: ["未参与排名", "Not ranked"],
  size: ["规模", "Size"], status: ["状态", "Status"], accuracy: ["位置精度", "Position"], vintage: ["资料年份", "Data of"], from: ["资料来源", "Source"],
  kind: ["类别", "Class"], about: ["数据说明", "About these data"], asOf: ["数据截至", "Data to"], source: ["数据来源", "Source"],
  completeness: ["完整性", "Completeness"], gas_state: ["浓度状态", "Gas state"], method: ["方法", "Method"], lattice_id: ["格网", "Lattice"],
  rules: ["规则", "Rules"], resolution: ["分辨率提示", "Resolution"], map: ["热点网格地图，方向键平移，回车键查看中心网格", "Map of cells; arrow keys move it, Enter opens the cell in the middle"],
  keys: ["键盘：Tab 移动焦点，方向键平移，+/− 缩放，回车查看地图中心的网格，Alt+方向键移到相邻网格，[ 和 ] 换月，Esc 关闭。", "Keyboard: Tab moves on, arrows pan, +/− zoom, Enter opens the cell in the middle of the map, Alt+arrow goes to the next cell, [ and ] change the month, Esc closes."],
  whole: ["全图", "Whole area"], zoomIn: ["放大", "Zoom in"], zoomOut: ["缩小", "Zoom out"], close: ["关闭", "Close"],
};
const VALUES = {
  strong: ["强", "strong"], moderate: ["中", "moderate"], weak: ["弱", "weak"],
  "not enough hours": ["时数不足", "not enough hours"], "no hourly data": ["无小时数据", "no hourly data"],
  in_cell: ["网格内", "in the cell"], ring: ["周边", "nearby"], upwind: ["上风向", "upwind"],
  exact: ["准确", "exact"], approximate: ["大致", "approximate"], unknown: ["不详", "unknown"],
};
const WINDS = [["北", "N"], ["东北", "NE"], ["东", "E"], ["东南", "SE"], ["南", "S"], ["西南", "SW"], ["西", "W"], ["西北", "NW"]];
// Not from the reader's locale: the page says the same everywhere.
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
