// Loaded before a server of npm that has its service's address built in: what it would send outside goes to
// STUB_URL on this machine, path and all, with the host that was meant in a header. Nothing leaves the machine.
"use strict";
const http = require("http");
const https = require("https");
const stub = new URL(process.env.STUB_URL);

const fetched = globalThis.fetch;
globalThis.fetch = (input, init = {}) => {
  const asked = new URL(typeof input === "string" ? input : input.url);
  const headers = new Headers(init.headers);
  headers.set("x-meant-for", asked.host);
  return fetched(new URL(asked.pathname + asked.search, stub), { ...init, headers });
};

https.request = (options, answered) => {
  const meant = options.hostname || options.host;
  const headers = { ...options.headers, "x-meant-for": meant };
  for (const name of Object.keys(headers)) if (name.toLowerCase() === "host") delete headers[name];
  const kept = { method: options.method, path: options.path, headers, hostname: stub.hostname, port: stub.port };
  return http.request(kept, answered);
};
