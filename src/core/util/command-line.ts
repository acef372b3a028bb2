import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { nearest } from "./nearest.ts";

/** An option of a command: a switch, or one that takes a value. */
export interface Option {
  readonly help: string;
  /** What its value is called: "SECONDS". Without it, the option is a switch. */
  readonly takes?: string;
  readonly repeats?: boolean;
}

/** What somebody said behind a command. */
export interface Given {
  readonly operands: readonly string[];
  readonly has: (option: string) => boolean;
  /** The last value of an option. */
  readonly value: (option: string) => string | undefined;
  readonly values: (option: string) => readonly string[];
}

export interface Command {
  readonly name: string;
  /** Names of what it is about, in their order: "A"; "[ENV]" may be left out. */
  readonly operands: readonly string[];
  /** What it does, in one line. */
  readonly help: string;
  readonly more?: string;
  /** How it is called by make: "make diff A=dev B=demo". */
  readonly make: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Gives the exit code. */
  readonly run: (given: Given) => Promise<number>;
}

/** Something that was said wrongly; told with how it is said. */
export class WrongUsage extends Error {}

const exitCodes = "Exit codes: 0 done, 1 failed or different, 2 wrong usage.";
const codes = `${exitCodes}
GNU make exits with 2 whatever the code is; a script that needs the code calls npm: npm run -s diff -- dev demo --exit-code`;

/** Whether a recipe of the Makefile runs this, so that its user has never seen the program behind it. */
const byMake = (): boolean => process.env["KUBE_LGTM_CALLER"] === "make";

const common: Readonly<Record<string, Option>> = { help: { help: "this text" } };

const called = ({ name, operands, make }: Command): string =>
  byMake() ? `${make} [ARGS="options"]` : ["npm run -s", name, "--", ...operands, "[options]"].join(" ");

const table = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([first]) => first.length)) + 2;
  return rows.map(([first, text]) => `  ${first.padEnd(width)}${text}`).join("\n");
};

/** How a command is called, and what its options do. */
export function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...common }).map(
    ([name, { takes, help, repeats }]) =>
      [`--${name}${takes ? ` ${takes}` : ""}`, repeats ? `${help} (may be repeated)` : help] as const,
  );
  return [`usage: ${called(command)}`, command.help, command.more, table(options), codes]
    .filter((part) => part !== undefined)
    .join("\n\n");
}

/** All commands, with a line each. */
export const overview = (commands: readonly Command[]): string =>
  [
    "usage: npm run -s COMMAND -- [options]",
    table(commands.map((one) => [[one.name, ...one.operands].join(" "), one.help])),
    "COMMAND with --help says more of it; `make help` lists everything that make does.",
    codes,
  ].join("\n\n");

const asked = (word: string, words: readonly string[]): string => {
  const meant = nearest(word, words);
  return meant === undefined ? `Expected one of ${words.join(", ")}.` : `Did you mean ${meant}?`;
};

/** The arguments as a command takes them. */
function read(command: Command, args: readonly string[]): Given {
  const options = { ...command.options, ...common };
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { takes }]) => [name, { type: takes ? "string" : "boolean" } as const]),
    ),
  });
  const operands: string[] = [];
  const said = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option) {
      const names = Object.keys(options).map((name) => `--${name}`);
      throw new WrongUsage(`${command.name} has no option ${token.rawName}. ${asked(token.rawName, names)}`);
    }
    if (option.takes && (token.value === undefined || token.value === ""))
      throw new WrongUsage(`--${token.name} takes ${option.takes}, and nothing is there.`);
    if (!option.takes && token.value !== undefined)
      throw new WrongUsage(`--${token.name} takes no value: "${token.value}" is there.`);
    const before = said.get(token.name) ?? [];
    if (before.length > 0 && option.takes && !option.repeats) throw new WrongUsage(`--${token.name} is there twice.`);
    said.set(token.name, [...before, token.value ?? ""]);
  }
  if (!said.has("help")) {
    const needed = command.operands.filter((one) => !one.startsWith("[")).length;
    if (operands.length < needed || operands.length > command.operands.length) {
      const takes = command.operands.join(" and ") || "nothing";
      const given = operands.length === 0 ? "nothing was given" : `found ${operands.join(" ")}`;
      throw new WrongUsage(`${command.name} takes ${takes}: ${given}.`);
    }
  }
  return {
    operands,
    has: (option) => said.has(option),
    value: (option) => said.get(option)?.at(-1),
    values: (option) => said.get(option) ?? [],
  };
}

const version = (): string => {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const { name, version } = JSON.parse(text) as { readonly name: string; readonly version: string };
  return `${name} ${version}`;
};

/**
 * Runs what the arguments say, and gives the exit code. Results go to standard output, errors to standard error.
 * @param commands one, which needs no name, or several
 */
export async function main(
  commands: readonly [Command, ...Command[]],
  args: readonly string[] = process.argv.slice(2),
): Promise<number> {
  const [first = "", ...others] = args;
  const alone = commands.length === 1;
  if (first === "--version") return (console.log(version()), 0);
  const wantsHelp = ["help", "--help", "-h"].includes(first);
  const about = alone ? commands[0] : commands.find(({ name }) => name === (wantsHelp ? others[0] : first));
  if (wantsHelp && (about || others.length === 0)) {
    console.log(about ? helpOf(about) : overview(commands));
    return 0;
  }
  const rest = alone ? args : others;
  try {
    if (!about) {
      const word = wantsHelp ? (others[0] ?? "") : first;
      const names = commands.map(({ name }) => name);
      throw new WrongUsage(
        word === "" ? "No command was given." : `There is no command ${word}. ${asked(word, names)}`,
      );
    }
    const given = read(
      about,
      rest.map((word) => (word === "-h" ? "--help" : word)),
    );
    if (given.has("help")) return (console.log(helpOf(about)), 0);
    return await about.run(given);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    if (!(error instanceof WrongUsage)) return 1;
    console.error(
      about
        ? `usage: ${called(about)}\n${byMake() ? `make ${about.name} ARGS=--help` : `npm run -s ${about.name} -- --help`} says more.`
        : "make help lists all commands.",
    );
    return 2;
  }
}
