// What Node processes below the runtime, or below `migrate exec`, load at start-up, because NODE_OPTIONS names this file.
//
// Node does not read HTTPS_PROXY by itself. Every TCP connection of its own modules (http, https, http2, tls, fetch, WebSocket)
// is made by one method of net.Socket: here, connections to the platform's hosts are led to the runtime on this machine.
// What the runtime does not serve is refused; every other host is left alone.
"use strict";

const net = require("node:net");

const domains = (process.env.FAL_RUNTIME_DOMAINS || "").split(",").filter(Boolean);
const gateway = process.env.FAL_RUNTIME_URL && new URL(process.env.FAL_RUNTIME_URL);
const [tlsHost, tlsPort] = (process.env.FAL_RUNTIME_TLS || "").split(":");

function isPlatform(host) {
  const name = String(host).toLowerCase().replace(/\.$/, "");
  return domains.some((domain) => name === domain || name.endsWith("." + domain));
}

function destination(host, port) {
  if (port === 443) return { host: tlsHost, port: Number(tlsPort) };
  if (port === 80) return { host: gateway.hostname.replace(/^\[|\]$/g, ""), port: Number(gateway.port || 80) };
  throw new Error(`${host}:${port} belongs to fal and is not served locally; the connection was refused`);
}

// The options of a call, in the three forms that connect() takes: an array that net itself has normalized, an object, (port, host).
function optionsOf(args) {
  if (Array.isArray(args[0])) return args[0][0];
  if (args[0] !== null && typeof args[0] === "object") return args[0];
  return { port: args[0], host: typeof args[1] === "string" ? args[1] : "localhost" };
}

function withOptions(args, options) {
  if (Array.isArray(args[0])) {
    args[0][0] = options; // in place: net knows its own arrays by a symbol
    return args;
  }
  return [options, ...args.slice(args[0] !== null && typeof args[0] === "object" ? 1 : typeof args[1] === "string" ? 2 : 1)];
}

if (domains.length && gateway && tlsPort) {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...args) {
    const options = optionsOf(args);
    if (!options || options.path || !options.host || !isPlatform(options.host)) return connect.apply(this, args);
    let target;
    try {
      target = destination(options.host, Number(options.port));
    } catch (error) {
      process.nextTick(() => this.destroy(error));
      return this;
    }
    const { localAddress, localPort, lookup, family, ...rest } = options;
    return connect.apply(this, withOptions(args, { ...rest, ...target }));
  };
}
