import type { Findings } from "./findings.ts";

/** One token of an Alloy configuration; `break` is where a statement may end. */
interface Token {
  readonly kind: "break" | "mark" | "name" | "text" | "value";
  readonly text: string;
  readonly line: number;
}

const grammar =
  /(?<skip>[ \t\r]+|\/\/[^\n]*|\/\*[^]*?\*\/)|(?<break>\n)|(?<text>"(?:\\.|[^"\\\n])*"|`[^`]*`)|(?<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(?<value>\d[\w.]*)|(?<mark>==|!=|<=|>=|&&|\|\||[-+*/%^<>!={}()[\],])/gy;

function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  let line = 1;
  grammar.lastIndex = 0;
  while (grammar.lastIndex < text.length) {
    const at = grammar.lastIndex;
    const match = grammar.exec(text);
    if (!match) throw new Error(`line ${line}: cannot read ${JSON.stringify(text.slice(at, at + 20))}`);
    const kind = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)?.[0];
    if (kind !== "skip") found.push({ kind: kind as Token["kind"], text: match[0], line });
    line += match[0].split("\n").length - 1;
  }
  return [...found, { kind: "break", text: "end", line }];
}

export interface Block {
  readonly name: string;
  readonly label: string;
  readonly line: number;
  /** The attributes that it sets, each with its expression: token by token, without line breaks. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly blocks: readonly Block[];
  /** Dotted names that its expressions refer to. */
  readonly refers: readonly string[];
}

/**
 * The blocks of an Alloy configuration, read as the Alloy documentation describes the syntax.
 * @throws with the line of the first syntax error
 */
export function parseAlloy(text: string): readonly Block[] {
  const list = tokens(text);
  let at = 0;
  const peek = (): Token => list[Math.min(at, list.length - 1)] as Token;
  const next = (): Token => {
    const token = peek();
    at += 1;
    return token;
  };
  const fail = (token: Token, expected: string): never => {
    throw new Error(`line ${token.line}: found ${JSON.stringify(token.text)}, expected ${expected}`);
  };
  const operators = /^(==|!=|<=|>=|&&|\|\||[-+*/%^<>])$/;

  /** An expression up to the end of its line; inside brackets, lines do not count. */
  const expression = (refers: string[]): void => {
    const lines = (): void => {
      while (peek().kind === "break" && peek().text !== "end") at += 1;
    };
    const operand = (): void => {
      const token = next();
      if (token.kind === "mark" && /^[-!]$/.test(token.text)) return operand();
      if (token.kind === "name") refers.push(token.text);
      else if (token.text === "[" || token.text === "(" || token.text === "{") {
        const close = { "[": "]", "(": ")", "{": "}" }[token.text];
        for (lines(); peek().text !== close; lines()) {
          if (token.text === "{") {
            const key = next();
            if (key.kind !== "name" && key.kind !== "text") fail(key, "a key");
            if (next().text !== "=") fail(peek(), '"="');
          }
          whole();
          lines();
          if (peek().text === ",") at += 1;
          else if (peek().text !== close) fail(peek(), `"," or "${close}"`);
        }
        at += 1;
      } else if (token.kind !== "text" && token.kind !== "value") fail(token, "a value");
      while (peek().kind === "mark" && (peek().text === "(" || peek().text === "[")) {
        const close = next().text === "(" ? ")" : "]";
        for (lines(); peek().text !== close; lines()) {
          whole();
          lines();
          if (peek().text === ",") at += 1;
        }
        at += 1;
      }
    };
    const whole = (): void => {
      operand();
      while (peek().kind === "mark" && operators.test(peek().text)) {
        at += 1;
        operand();
      }
    };
    whole();
  };

  const body = (end: string): Omit<Block, "label" | "line" | "name"> => {
    const attributes: Record<string, string> = {};
    const blocks: Block[] = [];
    const refers: string[] = [];
    while (peek().text !== end) {
      const token = next();
      if (token.kind === "break") {
        if (token.text === "end") fail(token, `"${end}"`);
        continue;
      }
      if (token.kind !== "name") fail(token, "a name");
      if (peek().text === "=") {
        at += 1;
        const from = at;
        expression(refers);
        const used = list.slice(from, at).filter(({ kind }) => kind !== "break");
        attributes[token.text] = used.map((one) => one.text).join(" ");
      } else {
        const label = peek().kind === "text" ? (JSON.parse(next().text) as string) : "";
        const open = next();
        if (open.text !== "{") fail(open, '"=", a label or "{"');
        blocks.push({ name: token.text, label, line: token.line, ...body("}") });
        at += 1;
      }
      if (peek().kind !== "break" && peek().text !== end) fail(peek(), "the end of the line");
    }
    return { attributes, blocks, refers };
  };
  return body("end").blocks;
}

/** Blocks and the blocks inside them, at any depth. */
export const all = (blocks: readonly Block[]): readonly Block[] =>
  blocks.flatMap((block) => [block, ...all(block.blocks)]);
const known: readonly string[] = ["constants", "encoding", "env", "false", "null", "string", "true"];

/**
 * Faults of an Alloy configuration: its syntax, components twice, or names that no component
 * exports.
 */
export function alloyFaults(where: string, text: string): Findings {
  let blocks: readonly Block[];
  try {
    blocks = parseAlloy(text);
  } catch (error) {
    return [`${where} ${(error as Error).message}`];
  }
  const ids = blocks.map(({ name, label }) => (label ? `${name}.${label}` : name));
  const refers = all(blocks).flatMap((block) => block.refers.map((name) => ({ name, line: block.line })));
  const exports = (name: string): boolean => ids.some((id) => name === id || name.startsWith(`${id}.`));
  return [
    ...(blocks.length === 0 ? [`${where} holds no block`] : []),
    ...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `${where} has two blocks ${id}`),
    ...refers
      .filter(({ name }) => !known.includes(name.split(".")[0] ?? "") && !name.startsWith("sys.") && !exports(name))
      .map(({ name, line }) => `${where} line ${line}: no component exports ${name}`),
  ];
}
