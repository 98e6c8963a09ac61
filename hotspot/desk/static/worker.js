// Pages of the desk that were opened once can be opened without a network; everything else goes to the desk.
"use strict";
const FILES = "desk-files-1";
const PAGES = "desk-pages-1";
const OURS = ["/static/desk.css", "/static/phone.css", "/static/desk.js", "/static/exif.js", "/static/phone.js", "/static/icon.svg", "/offline"];
const KEPT = /^\/((alarms|issues)(\/[^/]+)?|cells\/[^/]+|new\/issue)?$/; // what is filled in or looked up in the field
const PATIENCE = 8000; // ms until a network that does not answer counts as none

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(FILES).then((cache) => cache.addAll(OURS)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("desk-") && name !== FILES && name !== PAGES;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});
self.addEventListener("message", (event) => {
  if (event.data === "forget") event.waitUntil(caches.delete(PAGES));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(fresh(request, FILES, url.pathname));
  else if (KEPT.test(url.pathname) && (request.mode === "navigate" || request.headers.get("X-Keep"))) {
    event.respondWith(fresh(request, PAGES, keyOf(url)));
  }
});

function keyOf(url) {
  url.searchParams.delete("said");
  url.searchParams.delete("lang");
  return url.pathname + url.search;
}

async function fresh(request, store, key) {
  const stop = new AbortController();
  const clock = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const found = await fetch(request, { signal: stop.signal });
    if (found.ok && !found.redirected) await (await caches.open(store)).put(key, found.clone());
    return found;
  } catch {
    const kept = await (await caches.open(store)).match(key);
    return kept || (await caches.match("/offline")) || Response.error();
  } finally {
    clearTimeout(clock);
  }
}
