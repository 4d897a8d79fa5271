// Gets an address, through the proxy in https_proxy if there is one: client.mjs URL AUTHORITY (node, bun)
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";

const [url, authority] = process.argv.slice(2);
const ca = fs.readFileSync(authority);
const { hostname, port } = new URL(url);
const fail = (error) => {
  console.error(error);
  process.exit(1);
};
const get = (options) =>
  https
    .get(url, { ca, ...options }, (answer) => {
      if (answer.statusCode !== 200) fail(`status ${answer.statusCode}`);
      answer.on("error", fail);
      answer.on("end", () => process.exit(0));
      answer.resume();
    })
    .on("error", fail);

// What a SOCKS 5 proxy is asked for, and whether it agreed (RFC 1928); the agents of npm do the same.
const socks = (socket, then) => {
  const name = Buffer.from(hostname);
  const to = Buffer.from([(port || 443) >> 8, (port || 443) & 0xff]);
  socket.write(Buffer.from([5, 1, 0]));
  socket.once("data", () => {
    socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, to]));
    socket.once("data", (answer) => (answer[1] === 0 ? then() : fail(`refused: ${answer[1]}`)));
  });
};

// Neither looks into the environment by itself.
const proxy = process.env.https_proxy && new URL(process.env.https_proxy);
const through = (socket) => get({ createConnection: () => tls.connect({ socket, ca, servername: hostname }) });
if (proxy?.protocol === "http:") {
  http
    .request({ host: proxy.hostname, port: proxy.port, method: "CONNECT", path: `${hostname}:${port || 443}` })
    .on("connect", (_, socket) => through(socket))
    .on("error", fail)
    .end();
} else if (proxy) {
  const socket = net.connect(proxy.port, proxy.hostname, () => socks(socket, () => through(socket)));
  socket.on("error", fail);
} else {
  get({});
}
