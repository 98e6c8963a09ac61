// A form of the field is kept on the device first and then sent, now or when there is a network: nothing is lost with the
// connection, and its own number keeps it from being entered twice.
"use strict";
(() => {
  const zh = document.documentElement.lang.startsWith("zh");
  const t = (chinese, english) => (zh ? chinese : english);
  const { login = "" } = document.body.dataset;
  const bar = document.getElementById("waiting");
  const SIDE = 1600; // px of a photo's longer side as it is sent
  const TAKEN = new Set(["recorded", "repeated", "second"]);
  const REFUSED = new Set([400, 403, 404, 413, 422]);
  const EVERY = 60000; // ms between tries
  const MOST = 15, FRESH = 600000; // pages of each kind fetched ahead, and for how many ms one is not fetched again
  let sending = false;
  const forms = login && window.indexedDB ? [...document.querySelectorAll("form[data-answer], form[data-kept]")] : [];
  const once = forms.filter((form) => "kept" in form.dataset);

  // --- what waits, on the device -------------------------------------------------------------------------------------
  const base = new Promise((resolve, reject) => {
    const asked = indexedDB.open("desk", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("forms", { keyPath: "form" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const store = async (mode, work) => {
    const deal = (await base).transaction("forms", mode);
    const asked = work(deal.objectStore("forms"));
    return new Promise((resolve, reject) => {
      deal.oncomplete = () => resolve(asked.result);
      deal.onabort = () => reject(deal.error);
    });
  };
  const keep = (one) => store("readwrite", (forms) => forms.put(one));
  const drop = (form) => store("readwrite", (forms) => forms.delete(form));
  const waiting = async () => (await store("readonly", (forms) => forms.getAll())).filter((one) => one.login === login).sort((a, b) => a.made - b.made);

  // --- clocks ---------------------------------------------------------------------------------------------------------
  const local = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  const ahead = () => Number(localStorage.getItem("desk-ahead")) || 0; // ms by which this device's clock is ahead of the desk's
  async function token() {
    const answer = await fetch("/token", { cache: "no-store" });
    if (answer.redirected || !answer.ok) return null;
    const said = await answer.json();
    localStorage.setItem("desk-ahead", String(Date.parse(local(Date.now())) - Date.parse(said.now)));
    return said;
  }

  // --- sending --------------------------------------------------------------------------------------------------------
  async function send() {
    if (sending || !login) return;
    sending = true;
    const sent = [];
    let why = "";
    try {
      const all = (await waiting()).filter((one) => !one.refused);
      const known = all.length ? await token() : null;
      if (all.length && (!known || known.login !== login)) why = t("请重新登录，登录后自动发送", "log in again; then it is sent");
      else for (const one of all) {
        const answer = await fetch(one.action, { method: "POST", body: packed(one, known.csrf), headers: { "X-CSRF": known.csrf } });
        const url = new URL(answer.url);
        if (answer.ok && answer.redirected && TAKEN.has(url.searchParams.get("said"))) {
          await drop(one.form);
          sent.push(url);
        } else if (REFUSED.has(answer.status)) await keep({ ...one, refused: await words(answer) });
        else { why = t("服务器暂时不能接收，稍后自动再发", "the desk cannot take it just now; it is tried again"); break; }
      }
    } catch {
      why = t("没有网络，有网络后自动发送", "no network; it is sent when there is one");
    } finally {
      sending = false;
    }
    await show(why, sent.length);
    const here = sent.find((url) => url.pathname === location.pathname) || (sent.length && location.pathname === "/new/issue" ? sent[0] : null);
    if (here) location.assign(here.pathname + here.search);
  }

  function packed(one, csrf) {
    const body = new FormData();
    for (const [name, value] of one.fields) body.append(name, value);
    body.set("csrf", csrf);
    body.set("form", one.form);
    body.set("filled", local(one.made));
    body.set("phone", local(Date.now()));
    body.set("photo_at", JSON.stringify(one.photos.map((photo) => photo.said)));
    one.photos.forEach((photo, n) => body.append("photo", new Blob([photo.data], { type: "image/jpeg" }), `${n + 1}.jpg`));
    return body;
  }

  async function words(answer) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const said = page.querySelector("main h1");
    return (said ? said.textContent : String(answer.status)).trim().slice(0, 300);
  }

  // --- what is seen of it ---------------------------------------------------------------------------------------------
  async function show(why = "", sent = 0) {
    const all = login ? await waiting() : [];
    bar.hidden = !all.length && !sent;
    bar.replaceChildren();
    const line = (text, kind) => { const p = document.createElement("p"); p.textContent = text; p.className = kind; bar.append(p); return p; };
    if (sent) line(t(`已发送 ${sent} 份`, `${sent} sent`), "sent");
    for (const one of all) {
      const text = [one.what, new Map(one.fields).get("text")].filter(Boolean).join(" · ");
      const p = line(`${t("待发送", "waiting")} ${local(one.made).replace("T", " ")} · ${text.slice(0, 50)}${one.photos.length ? t(` · ${one.photos.length} 张照片`, ` · ${one.photos.length} photos`) : ""}`, "kept");
      if (!one.refused) continue;
      p.className = "refused";
      p.append(document.createElement("br"), one.refused);
      const press = (words, then) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = words;
        button.addEventListener("click", then);
        p.append(" ", button);
      };
      if (one.draft) press(t("改正后再发", "correct it"), async () => {
        // Back into its form, on its page; photos are chosen again.
        localStorage.setItem(one.draft, JSON.stringify(Object.fromEntries(one.fields)));
        await drop(one.form);
        location.assign(one.page);
      });
      press(t("删除这一份", "discard it"), async () => { await drop(one.form); show(); });
    }
    if (why && all.some((one) => !one.refused)) line(why, "why");
    bar.dataset.waiting = String(all.length);
    // What is done once, a receipt or a step, is not offered again while it waits.
    const held = new Set(all.filter((one) => !one.refused).map((one) => one.action));
    once.forEach((form) => { form.querySelector("button").disabled = held.has(new URL(form.action).pathname); });
  }

  // --- filling in -----------------------------------------------------------------------------------------------------
  async function smaller(file) {
    const said = await window.readExif(file);
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const sheet = document.createElement("canvas");
    sheet.width = Math.round(picture.width * scale);
    sheet.height = Math.round(picture.height * scale);
    sheet.getContext("2d").drawImage(picture, 0, 0, sheet.width, sheet.height);
    const blob = await new Promise((resolve) => { sheet.toBlob(resolve, "image/jpeg", 0.82); });
    return { said, data: await blob.arrayBuffer() }; // plain bytes: some browsers lose a Blob that is kept
  }

  const number = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  async function enter(form) {
    const button = form.querySelector("button:not([type=button])");
    if (button.disabled) return;
    button.disabled = true;
    try {
      const photos = [];
      for (const file of form.querySelector("input[type=file]")?.files || []) {
        try {
          photos.push(await smaller(file));
        } catch {
          bar.hidden = false;
          bar.textContent = t(`照片 ${file.name} 在本机打不开，请换成 JPEG 或 PNG`, `photo ${file.name} cannot be opened here; choose a JPEG or PNG`);
          bar.scrollIntoView();
          button.disabled = false;
          return;
        }
      }
      const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrf" && name !== "form");
      const where = new URL(location.href);
      ["said", "lang"].forEach((name) => where.searchParams.delete(name));
      const back = "receipt" in form.dataset ? {} : { draft: draftOf(form), page: where.pathname + where.search };
      await keep({ form: number(), login, action: new URL(form.action).pathname, fields, photos, made: Date.now(), what: button.textContent.trim(), ...back });
      localStorage.removeItem(draftOf(form));
      form.reset();
      button.disabled = false;
      await show();
      bar.scrollIntoView({ block: "nearest" });
      await send();
    } catch (error) {
      button.disabled = false;
      throw error;
    }
  }

  // One draft a form: of a step, and of a new problem for each alarm or cell it is opened from.
  const draftOf = (form) => {
    const { step, ref, cell } = form.elements;
    return `desk-draft ${login} ${new URL(form.action).pathname} ${step?.value || ref?.value || cell?.defaultValue || ""}`;
  };
  function remember(form) {
    const held = JSON.parse(localStorage.getItem(draftOf(form)) || "{}");
    for (const [name, value] of Object.entries(held)) {
      const field = form.elements[name];
      if (field && (field.type !== "hidden" || ["lon", "lat"].includes(name))) field.value = value;
    }
    if (held.lon && held.lat) form.querySelectorAll("[data-place] output").forEach((told) => { told.textContent = `${held.lon}, ${held.lat}`; });
    form.addEventListener("input", () => {
      const said = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !["csrf", "form", "time"].includes(name));
      localStorage.setItem(draftOf(form), JSON.stringify(Object.fromEntries(said)));
    });
  }

  function locate(place) {
    if (!navigator.geolocation || !window.isSecureContext) return;
    const [button, told] = [place.querySelector("button"), place.querySelector("output")];
    place.hidden = false;
    button.addEventListener("click", () => {
      told.textContent = t("正在定位…", "looking…");
      navigator.geolocation.getCurrentPosition(({ coords }) => {
        place.querySelector("[name=lon]").value = coords.longitude.toFixed(6);
        place.querySelector("[name=lat]").value = coords.latitude.toFixed(6);
        told.textContent = `${coords.longitude.toFixed(5)}, ${coords.latitude.toFixed(5)} ±${Math.round(coords.accuracy)} m`;
      }, () => { told.textContent = t("没有取到位置", "no position"); }, { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 });
    });
  }

  // --- the page -------------------------------------------------------------------------------------------------------
  forms.forEach((form) => { remember(form); form.querySelectorAll("[data-place]").forEach(locate); });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (forms.includes(form)) { event.preventDefault(); event.stopPropagation(); enter(form); }
    if (form.getAttribute("action") === "/logout") {
      navigator.serviceWorker?.controller?.postMessage("forget");
      Object.keys(localStorage).filter((name) => name.startsWith("desk-draft ")).forEach((name) => localStorage.removeItem(name));
    }
  }, true);
  window.addEventListener("online", send);
  setInterval(send, EVERY);

  async function begin() {
    if (navigator.serviceWorker && window.isSecureContext) await navigator.serviceWorker.register("/worker.js", { scope: "/" }).catch(() => {});
    if (!login || !window.indexedDB) return;
    await show();
    await token().catch(() => null); // while there is a network: how far this device's clock is off
    await send();
    // A page from the device's memory is old: the time of the visit is now, by the desk's clock as this device knows it.
    const old = Date.parse(local(Date.now() - ahead())) - Date.parse(document.body.dataset.now) > 120000;
    if (old) forms.forEach((form) => { if (form.elements.time) form.elements.time.value = local(Date.now() - ahead()); });
    const ready = await navigator.serviceWorker?.ready;
    if (!ready || !/^\/(alarms|issues)?$/.test(location.pathname)) return;
    // What waits for an answer or a step is fetched ahead, so that it opens where there is no network; not what was just fetched.
    const had = JSON.parse(sessionStorage.getItem("desk-fetched") || "{}");
    for (const start of ["/alarms/", "/issues/"]) {
      const links = new Set([...document.querySelectorAll(`main a[href^="${start}"]`)].map((a) => a.pathname));
      for (const path of [...links].slice(0, MOST)) {
        if (Date.now() - (had[path] || 0) < FRESH) continue;
        const found = await fetch(path, { headers: { "X-Keep": "1" } }).catch(() => null);
        if (!found) return;
        had[path] = Date.now();
      }
    }
    sessionStorage.setItem("desk-fetched", JSON.stringify(had));
  }
  begin();
})();
