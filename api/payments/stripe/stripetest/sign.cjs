// Signs events with Stripe's own library: one per line on standard input, as {"secret", "payload",
// "timestamp"}. It prints the header of each.
const readline = require("node:readline");
const Stripe = require("stripe");

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(Stripe.webhooks.generateTestHeaderString(JSON.parse(line)));
  }
})();
