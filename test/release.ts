/** `npm run release:baseline`: writes down in test/release.json what the next release must not change without a word. Run it when a release is made. */
import { writeFileSync } from "node:fs";
import { baseline } from "./lib/release.ts";

const file = new URL("release.json", import.meta.url);
const found = baseline();
writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`);
console.log(`test/release.json: ${Object.keys(found).length} identities`);
