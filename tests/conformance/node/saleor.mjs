// Reads [{jwks, signature, body}] and writes what Saleor's library thinks of each: true or false.
import { readFileSync } from "node:fs";
import { verifySignatureWithJwks } from "@saleor/app-sdk/auth";

const verdicts = [];
for (const { jwks, signature, body } of JSON.parse(readFileSync(0, "utf-8"))) {
  verdicts.push(
    await verifySignatureWithJwks(jwks, signature, body).then(
      () => true,
      () => false,
    ),
  );
}
process.stdout.write(JSON.stringify(verdicts));
