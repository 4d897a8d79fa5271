// HTTP/2 without TLS: h2c.mjs get URL, or h2c.mjs serve PORT FILE
// The server writes what each connection carried to FILE, as the test bed's own server does.
import { appendFileSync } from "node:fs";
import http2 from "node:http2";
import net from "node:net";

function serve(port, file) {
  const server = http2.createServer();
  const firsts = new Map();
  server.on("stream", (stream, headers) => {
    firsts.set(stream.session.socket.remotePort, { host: headers[":authority"], path: headers[":path"] });
    stream.respond({ ":status": 200 });
    stream.end(".".repeat(1000));
  });
  const listener = net.createServer((socket) => {
    const begin = Date.now();
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    socket.on("close", () => {
      const truth = {
        protocol: "tcp",
        ...firsts.get(remotePort),
        peer: `${remoteAddress}:${remotePort}`,
        local: `${localAddress}:${localPort}`,
        received: socket.bytesRead,
        sent: socket.bytesWritten,
        duration_ms: Date.now() - begin,
      };
      appendFileSync(file, JSON.stringify(truth) + "\n");
    });
    server.emit("connection", socket);
  });
  listener.listen(Number(port), "0.0.0.0", () => console.log("serving"));
}

function get(url) {
  const { origin, pathname } = new URL(url);
  const client = http2.connect(origin);
  const request = client.request({ ":path": pathname });
  request.on("response", (headers) => {
    if (headers[":status"] !== 200) process.exitCode = 1;
  });
  request.on("end", () => client.close());
  request.resume();
}

const [manner, ...rest] = process.argv.slice(2);
({ get, serve })[manner](...rest);
