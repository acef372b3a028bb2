import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Command, type Given, main, WrongUsage } from "../src/core/util/command-line.ts";
import { nearest } from "../src/core/util/nearest.ts";

/** What a program with these commands prints for arguments, and its exit code. */
async function said(args: readonly string[], caller?: string, only?: "paint") {
  const given: Given[] = [];
  const command = (name: string, operands: readonly string[], run: Command["run"]): Command => ({
    name,
    operands,
    help: `${name} something`,
    make: `make ${name}`,
    options: {
      colour: { takes: "NAME", repeats: true, help: "in which" },
      coats: { takes: "NUMBER", help: "how many" },
      wet: { help: "at once" },
    },
    run,
  });
  const commands: readonly [Command, ...Command[]] = [
    command("paint", ["WALL", "[CEILING]"], async (one) => (given.push(one), 0)),
    command("scrape", [], () => Promise.reject(new Error("the wall is wet"))),
    command("judge", [], () => Promise.resolve(1)),
    command("ask", [], () => Promise.reject(new WrongUsage("Nobody is here."))),
  ];
  const [out, err]: [string[], string[]] = [[], []];
  const [log, error, before] = [console.log, console.error, process.env["KUBE_LGTM_CALLER"]];
  console.log = (text: string) => void out.push(text);
  console.error = (text: string) => void err.push(text);
  if (caller) process.env["KUBE_LGTM_CALLER"] = caller;
  else delete process.env["KUBE_LGTM_CALLER"];
  try {
    const code = await main(only ? [commands[0]] : commands, args);
    return { code, out: out.join("\n"), err: err.join("\n"), given };
  } finally {
    [console.log, console.error] = [log, error];
    if (before === undefined) delete process.env["KUBE_LGTM_CALLER"];
    else process.env["KUBE_LGTM_CALLER"] = before;
  }
}

describe("a command line", () => {
  test("is read as operands, switches and values, in any order", async () => {
    const { code, given } = await said(["paint", "--colour", "red", "north", "--wet", "--colour=blue", "roof"]);
    const [one] = given;
    assert.equal(code, 0);
    assert.deepEqual(one?.operands, ["north", "roof"]);
    assert.deepEqual(one?.values("colour"), ["red", "blue"]);
    assert.deepEqual([one?.has("wet"), one?.has("coats"), one?.value("coats")], [true, false, undefined]);
  });

  test("has help for all and for each command, on standard output, with exit code 0", async () => {
    for (const args of [["help"], ["--help"], ["-h"]]) {
      const { code, out, err } = await said(args);
      assert.deepEqual([code, err], [0, ""]);
      for (const name of ["paint WALL [CEILING]", "scrape", "judge"]) assert.ok(out.includes(name));
      assert.match(out, /Exit codes: 0 done, 1 failed or different, 2 wrong usage\./);
    }
    for (const args of [
      ["paint", "--help"],
      ["paint", "-h"],
      ["help", "paint"],
    ]) {
      const { code, out } = await said(args);
      assert.equal(code, 0);
      assert.match(out, /^usage: npm run -s paint -- WALL \[CEILING\] \[options\]\n/);
      for (const option of ["--colour NAME", "--coats NUMBER", "--wet", "--help"]) assert.ok(out.includes(option));
    }
  });

  test("of a program with one command needs no name of it", async () => {
    assert.deepEqual((await said(["north"], undefined, "paint")).given[0]?.operands, ["north"]);
    assert.match((await said(["--help"], undefined, "paint")).out, /^usage: npm run -s paint -- WALL/);
  });

  test("says the version", async () => {
    assert.match((await said(["--version"])).out, /^kube-lgtm \d+\.\d+\.\d+$/);
  });

  const wrong: readonly (readonly [args: readonly string[], problem: string])[] = [
    [[], "No command was given."],
    [["piant"], "There is no command piant. Did you mean paint?"],
    [["sing"], "There is no command sing. Expected one of paint, scrape, judge, ask."],
    [["help", "piant"], "There is no command piant. Did you mean paint?"],
    [["paint"], "paint takes WALL and [CEILING]: nothing was given."],
    [["paint", "a", "b", "c"], "paint takes WALL and [CEILING]: found a b c."],
    [["scrape", "north"], "scrape takes nothing: found north."],
    [["paint", "north", "--color", "red"], "paint has no option --color. Did you mean --colour?"],
    [["paint", "north", "-x"], "paint has no option -x. Expected one of --colour, --coats, --wet, --help."],
    [["paint", "north", "--coats"], "--coats takes NUMBER, and nothing is there."],
    [["paint", "north", "--wet=yes"], '--wet takes no value: "yes" is there.'],
    [["paint", "north", "--coats", "1", "--coats", "2"], "--coats is there twice."],
    [["ask"], "Nobody is here."],
  ];
  for (const [args, problem] of wrong)
    test(`tells what is wrong with "${args.join(" ")}", and exits with 2`, async () => {
      const { code, out, err, given } = await said(args);
      assert.deepEqual([code, out, given], [2, "", []]);
      assert.equal(err.split("\n")[0], problem);
    });

  test("speaks of make to those who called make", async () => {
    const { err } = await said(["paint"], "make");
    assert.match(err, /\nusage: make paint \[ARGS="options"\]\nmake paint ARGS=--help says more\.$/);
  });

  test("exits with 1 when the work fails, which is said without a usage", async () => {
    assert.deepEqual(await said(["scrape"]), { code: 1, out: "", err: "the wall is wet", given: [] });
    assert.equal((await said(["judge"])).code, 1);
  });
});

test("the word that was meant is one with a few letters changed, and no other", () => {
  const words = ["build", "check", "diff", "size"];
  for (const [word, meant] of Object.entries({ biuld: "build", chek: "check", dif: "diff", Size: "size" }))
    assert.equal(nearest(word, words), meant);
  for (const word of ["paint", "e2e", ""]) assert.equal(nearest(word, words), undefined);
});
