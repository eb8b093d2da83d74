// Verifies deliveries with the library of Standard Webhooks: one a line on standard input, as
// {"secret", "headers", "body"}. It prints how many are genuine, and the others as errors.
const readline = require("node:readline");
const { Webhook } = require("standardwebhooks");

(async () => {
  let genuine = 0;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { secret, headers, body } = JSON.parse(line);
    try {
      new Webhook(secret).verify(body, headers);
      genuine++;
    } catch (problem) {
      console.error(`${problem}: ${line}`);
    }
  }
  console.log(genuine);
})();
