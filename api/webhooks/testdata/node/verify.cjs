// Verifies deliveries with the library of Standard Webhooks: one a line on standard input, as
// {"secret", "headers", "body"}. It prints how many are genuine, or ends with the first that is not.
const readline = require("node:readline");
const { Webhook } = require("standardwebhooks");

(async () => {
  let genuine = 0;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { secret, headers, body } = JSON.parse(line);
    try {
      new Webhook(secret).verify(body, headers);
    } catch (problem) {
      console.error(`${problem}: ${line}`);
      process.exit(1);
    }
    genuine++;
  }
  console.log(genuine);
})();
