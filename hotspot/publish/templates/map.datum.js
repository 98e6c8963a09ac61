// The map datums of China, point by point, with the formulas of hotspot/kernels/datum.py.
const DATUM = (() => {
  const { sin, cos, sqrt, abs, hypot, atan2, PI } = Math, A = 6378245, E2 = 0.00669342162296594323, rad = v => v * PI / 180;
  const inside = (lon, lat) => lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;
  function offset(lon, lat) {
    const x = lon - 105, y = lat - 35, waves = 20 * sin(6 * PI * x) + 20 * sin(2 * PI * x);
    const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
      + 2 / 3 * (waves + 20 * sin(PI * x) + 40 * sin(PI / 3 * x) + 150 * sin(PI / 12 * x) + 300 * sin(PI / 30 * x));
    const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
      + 2 / 3 * (waves + 20 * sin(PI * y) + 40 * sin(PI / 3 * y) + 160 * sin(PI / 12 * y) + 320 * sin(PI / 30 * y));
    const w = 1 - E2 * sin(rad(lat)) ** 2;
    return [east / rad(A / sqrt(w) * cos(rad(lat))), north / rad(A * (1 - E2) / (w * sqrt(w)))];
  }
  const bend = (lon, lat) => {
    const radius = hypot(lon, lat) + 2e-5 * sin(rad(3000 * lat)), angle = atan2(lat, lon) + 3e-6 * cos(rad(3000 * lon));
    return [radius * cos(angle) + 0.0065, radius * sin(angle) + 0.006];
  };
  // The inverse by fixed point: subtract the shift of the last guess until it stands still.
  const back = (forward, lon, lat) => {
    let [a, b] = [lon, lat];
    for (let turn = 0; turn < 30; turn++) { const [x, y] = forward(a, b); a += lon - x; b += lat - y; }
    return [a, b];
  };
  const gcj = (lon, lat) => { const [east, north] = offset(lon, lat); return [lon + east, lat + north]; };
  const toGcj = (lon, lat) => inside(lon, lat) ? gcj(lon, lat) : [lon, lat];
  const fromGcj = (lon, lat) => inside(lon, lat) ? back(gcj, lon, lat) : [lon, lat];
  return { toGcj, fromGcj, fromBd: (lon, lat) => inside(lon, lat) ? fromGcj(...back(bend, lon, lat)) : [lon, lat] };
})();
