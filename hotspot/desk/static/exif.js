// Where and when a photo was taken, read before it is shrunk: JPEG, APP1 of EXIF 2.3, the few tags that matter.
"use strict";
window.readExif = async (file) => {
  const view = new DataView(await file.slice(0, 256 * 1024).arrayBuffer());
  try {
    const start = tiff(view);
    return start ? noted(view, start) : {};
  } catch {
    return {}; // a broken note is as good as none
  }

  function tiff(data) {
    if (data.getUint16(0) !== 0xffd8) return 0;
    for (let at = 2; at + 10 < data.byteLength; at += 2 + data.getUint16(at + 2)) {
      if (data.getUint8(at) !== 0xff || data.getUint8(at + 1) === 0xda) return 0;
      if (data.getUint8(at + 1) === 0xe1 && data.getUint32(at + 4) === 0x45786966) return at + 10;
    }
    return 0;
  }

  function noted(data, start) {
    const little = data.getUint16(start) === 0x4949;
    const short = (at) => data.getUint16(at, little);
    const long = (at) => data.getUint32(at, little);
    const tags = (at) => {
      const found = new Map();
      for (let n = 0; n < short(at); n += 1) {
        const entry = at + 2 + 12 * n;
        found.set(short(entry), { count: long(entry + 4), at: entry + 8 });
      }
      return found;
    };
    const text = ({ count, at }) => {
      const from = count > 4 ? start + long(at) : at;
      return String.fromCharCode(...new Uint8Array(data.buffer, from, count)).replace(/\0.*$/s, "");
    };
    const degrees = ({ at }) => {
      const from = start + long(at);
      const part = (n) => long(from + 8 * n) / long(from + 8 * n + 4);
      return part(0) + part(1) / 60 + part(2) / 3600;
    };
    const first = tags(start + long(start + 4));
    const said = {};
    if (first.has(0x8769)) {
      const taken = tags(start + long(first.get(0x8769).at)).get(0x9003);
      if (taken) said.taken = text(taken).slice(0, 19);
    }
    if (first.has(0x8825)) {
      const gps = tags(start + long(first.get(0x8825).at));
      if (gps.has(2) && gps.has(4)) {
        const lat = degrees(gps.get(2)) * (gps.has(1) && text(gps.get(1)) === "S" ? -1 : 1);
        const lon = degrees(gps.get(4)) * (gps.has(3) && text(gps.get(3)) === "W" ? -1 : 1);
        if (Math.abs(lat) <= 90 && Math.abs(lon) <= 180) Object.assign(said, { lon, lat });
      }
    }
    return said;
  }
};
