// Reads [{secret, headers, body}] and writes what Shopify's library thinks of each: true or false.
import "@shopify/shopify-api/adapters/node";
import { readFileSync } from "node:fs";
import { LogSeverity, shopifyApi } from "@shopify/shopify-api";

const verdicts = [];
for (const { secret, headers, body } of JSON.parse(readFileSync(0, "utf-8"))) {
  const shopify = shopifyApi({
    apiKey: "key",
    apiSecretKey: secret,
    apiVersion: "2025-10",
    hostName: "hub.example",
    isEmbeddedApp: false,
    logger: { level: LogSeverity.Error, log: () => {} },
  });
  const rawRequest = { method: "POST", url: "/hooks", headers };
  const { valid } = await shopify.webhooks.validate({ rawBody: body, rawRequest });
  verdicts.push(valid);
}
process.stdout.write(JSON.stringify(verdicts));
