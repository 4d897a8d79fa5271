// Gets an address: client.mjs URL AUTHORITY (node, bun)
import fs from "node:fs";
import https from "node:https";

const [url, authority] = process.argv.slice(2);
const fail = (error) => {
  console.error(error);
  process.exit(1);
};
https
  .get(url, { ca: fs.readFileSync(authority) }, (answer) => {
    if (answer.statusCode !== 200) fail(`status ${answer.statusCode}`);
    answer.on("error", fail);
    answer.on("end", () => process.exit(0));
    answer.resume();
  })
  .on("error", fail);
