// The service worker: keeps every packed file (precache.json) and answers from there, so that the app works without a
// network after its first visit. Packing appends a line that sets handlensVersion: a new pack is a new worker, which
// fetches its files as a whole, waits, and takes over when the page says so or at the next start; two versions never mix.
// It never asks another host for anything.

interface Worker {
  handlensVersion?: string;
  addEventListener(type: string, listener: (event: never) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  registration: { scope: string };
  location: Location;
}
interface Extendable {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching {
  request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Precache {
  version: string;
  files: string[];
}

const worker = self as unknown as Worker;
// Caches belong to a host, not to a folder: two apps on one host must not throw away each other's files.
const prefix = () => `handlens-${new URL(worker.registration.scope).pathname}@`;
const cacheName = () => prefix() + worker.handlensVersion;

async function install(): Promise<void> {
  const response = await fetch("precache.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`precache.json: ${response.status}`);
  const precache = (await response.json()) as Precache;
  if (precache.version !== worker.handlensVersion) throw new Error("precache.json: of another version; the host is being updated");
  const cache = await caches.open(cacheName());
  await cache.addAll(["./", ...precache.files].map((file) => new Request(file, { cache: "no-cache" })));
}

async function activate(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(prefix()) && name !== cacheName()) await caches.delete(name);
  }
  await worker.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName());
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}

worker.addEventListener("install", ((event: Extendable) => event.waitUntil(install())) as (event: never) => void);
worker.addEventListener("activate", ((event: Extendable) => event.waitUntil(activate())) as (event: never) => void);
worker.addEventListener("message", ((event: MessageEvent) => {
  if (event.data === "take-over") void worker.skipWaiting();
}) as (event: never) => void);
worker.addEventListener("fetch", ((event: Fetching) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== worker.location.origin) return;
  event.respondWith(answer(event.request));
}) as (event: never) => void);
