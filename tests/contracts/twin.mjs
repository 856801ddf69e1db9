// The board's half of test_twins.py: for each manifest of the file that is named, what plays at each moment, and until when.
import { readFileSync } from "node:fs";

import { cycle, programme } from "../../static/board/rotation.js";

const told = JSON.parse(readFileSync(process.argv[2], "utf8"));
const answers = told.map(({ manifest, moments, heard = null }) => moments.map((at) => {
  const { items, until } = programme(manifest, at, "main", heard);
  const lines = new Map(manifest.items.map((each) => [each.item, each]));
  return { items, until, cycle: cycle(items.map((item) => lines.get(item))) };
}));
process.stdout.write(JSON.stringify(answers));
