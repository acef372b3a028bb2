import { parser as logqlParser } from "@grafana/lezer-logql";
import { parser as traceqlParser } from "@grafana/lezer-traceql";
import { parser as promqlParser } from "@prometheus-io/lezer-promql";

/*
 * Expressions of Prometheus, Loki and Tempo, by the grammars of their own pages.
 * https://prometheus.io/docs/prometheus/latest/querying/basics/
 * https://grafana.com/docs/loki/latest/query/
 * https://grafana.com/docs/tempo/latest/traceql/
 */

export interface Matcher {
  readonly label: string;
  readonly operator: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

export interface Selector {
  readonly kind: "selector";
  /** The metric, unless it is chosen by an expression; "" in LogQL. */
  readonly name: string;
  readonly matchers: readonly Matcher[];
  /** Seconds. */
  readonly range?: number | undefined;
}
export interface Aggregate {
  readonly kind: "aggregate";
  readonly operation: string;
  readonly by?: readonly string[] | undefined;
  readonly without?: readonly string[] | undefined;
  readonly of: readonly Expression[];
}
export interface Call {
  readonly kind: "call";
  readonly name: string;
  readonly of: readonly Expression[];
}
export interface Binary {
  readonly kind: "binary";
  readonly operation: string;
  readonly left: Expression;
  readonly right: Expression;
  readonly on?: readonly string[] | undefined;
  readonly ignoring?: readonly string[] | undefined;
  /** The side that may have many, and the labels that it takes over from the other. */
  readonly group?: { readonly side: "left" | "right"; readonly labels: readonly string[] } | undefined;
}
export interface Subquery {
  readonly kind: "subquery";
  readonly of: Expression;
  readonly range: number;
}
export interface Value {
  readonly kind: "value";
  readonly text: string;
}
export type Expression = Selector | Aggregate | Call | Binary | Subquery | Value;

export interface Parsed<T> {
  readonly text: string;
  /** Where the grammar ends, with what stands there. */
  readonly errors: readonly string[];
  readonly tree: T;
}

interface Node {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly type: { readonly isError: boolean };
  readonly firstChild: Node | null;
  readonly nextSibling: Node | null;
}

const childrenOf = (node: Node): readonly Node[] => {
  const found: Node[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
  return found;
};
const below = (node: Node): readonly Node[] => [node, ...childrenOf(node).flatMap(below)];

/** A label that may be a variable's text; no name of a metric. */
const standIn = "pod";

/**
 * An expression of a page as Grafana sends it. A variable inside quotes stays as it is.
 * https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/#global-variables
 */
export function withoutVariables(text: string, values: Readonly<Record<string, string>> = {}): string {
  const fixed: Readonly<Record<string, string>> = {
    __rate_interval: "2m",
    __interval: "1m",
    __auto: "1m",
    __range: "1h",
    __range_s: "3600",
    __interval_ms: "60000",
    ...values,
  };
  return text
    .split(/("(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)*')/)
    .map((part, i) =>
      i % 2 === 1
        ? part
        : part.replace(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g, (_, braced?: string, bare?: string) => {
            return fixed[braced ?? bare ?? ""] ?? standIn;
          }),
    )
    .join("");
}

const units: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};
/** Seconds of "1h30m". */
export const secondsOf = (duration: string): number =>
  [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwy])/g)].reduce(
    (sum, [, amount, unit = "s"]) => sum + Number(amount) * (units[unit] ?? 0),
    0,
  );

/** What stands between the quotes. */
const unquoted = (text: string): string =>
  text.startsWith("`")
    ? text.slice(1, -1)
    : text.slice(1, -1).replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c));

const errorsOf = (text: string, root: Node): readonly string[] => {
  const [first] = below(root).filter(({ type }) => type.isError);
  return first === undefined ? [] : [`no such expression at "${text.slice(first.from, first.from + 40) || "its end"}"`];
};

const matcherOf = (text: string, node: Node): Matcher => {
  const [label, operator, value] = childrenOf(node);
  const here = (one?: Node): string => (one ? text.slice(one.from, one.to) : "");
  return {
    label: here(label).replace(/^"|"$/g, ""),
    operator: here(operator) as Matcher["operator"],
    value: unquoted(here(value)),
  };
};

const labelsBelow = (text: string, node: Node): readonly string[] =>
  below(node)
    .filter(({ name }) => name === "LabelName" || name === "QuotedLabelName")
    .map(({ from, to }) => text.slice(from, to).replace(/^"|"$/g, ""));

/** Nodes that say how the others beside them are meant. */
const isWord = ({ name }: Node): boolean =>
  /^(?:BoolModifier|Offset|OffsetDurationExpr|At|AtModifierPreprocessors|UnaryOp|LineComment|AggregateOp|AggregateModifier|FunctionIdentifier)$/.test(
    name,
  );

function treeOf(text: string, node: Node): Expression {
  const here = text.slice(node.from, node.to);
  const children = childrenOf(node).filter(({ type }) => !type.isError);
  const child = (name: string): Node | undefined => children.find((one) => one.name === name);
  const body = (): readonly Expression[] =>
    childrenOf(child("FunctionCallBody") ?? node)
      .filter((one) => !isWord(one) && !one.type.isError)
      .map((one) => treeOf(text, one));
  const durations = children.filter(({ name }) => name === "DurationExpr").map((one) => text.slice(one.from, one.to));
  switch (node.name) {
    case "VectorSelector": {
      const own = below(node).filter(({ name }) => /^(?:Unquoted|Quoted)LabelMatcher$/.test(name));
      const name = child("Identifier");
      const matchers = own.map((one) => matcherOf(text, one));
      const quoted = below(node).find(
        (one) => one.name === "QuotedLabelName" && !own.some(({ from, to }) => from <= one.from && to >= one.to),
      );
      const named = matchers.find(({ label, operator }) => label === "__name__" && operator === "=")?.value;
      return {
        kind: "selector",
        name: name
          ? text.slice(name.from, name.to)
          : quoted
            ? text.slice(quoted.from + 1, quoted.to - 1)
            : (named ?? ""),
        matchers,
      };
    }
    case "MatrixSelector": {
      const of = treeOf(text, children[0] as Node);
      return of.kind === "selector" ? { ...of, range: secondsOf(durations[0] ?? "") } : of;
    }
    case "SubqueryExpr":
      return { kind: "subquery", of: treeOf(text, children[0] as Node), range: secondsOf(durations[0] ?? "") };
    case "AggregateExpr": {
      const operation = child("AggregateOp");
      const modifier = child("AggregateModifier");
      const labels = modifier ? labelsBelow(text, modifier) : undefined;
      const isWithout = modifier ? childrenOf(modifier).some(({ name }) => name === "Without") : false;
      return {
        kind: "aggregate",
        operation: operation ? text.slice(operation.from, operation.to) : "",
        by: isWithout ? undefined : labels,
        without: isWithout ? labels : undefined,
        of: body(),
      };
    }
    case "FunctionCall": {
      const name = child("FunctionIdentifier");
      return { kind: "call", name: name ? text.slice(name.from, name.to) : "", of: body() };
    }
    case "BinaryExpr": {
      const clause = child("MatchingModifierClause");
      const words = clause ? childrenOf(clause) : [];
      const lists = words.filter(({ name }) => name === "GroupingLabels").map((one) => labelsBelow(text, one));
      const has = (name: string): boolean => words.some((one) => one.name === name);
      const operands = children.filter((one) => !isWord(one) && one !== clause);
      const [left, operation, right] = operands as [Node, Node, Node];
      const [match] = has("On") || has("Ignoring") ? lists : [];
      const side = has("GroupLeft") ? "left" : has("GroupRight") ? "right" : undefined;
      return {
        kind: "binary",
        operation: operation ? text.slice(operation.from, operation.to) : "",
        left: left ? treeOf(text, left) : { kind: "value", text: "" },
        right: right ? treeOf(text, right) : { kind: "value", text: "" },
        on: has("On") ? match : undefined,
        ignoring: has("Ignoring") ? match : undefined,
        group: side && { side, labels: lists[1] ?? [] },
      };
    }
    case "ParenExpr":
    case "UnaryExpr":
    case "OffsetExpr":
    case "StepInvariantExpr":
    case "PromQL": {
      const inner = children.find((one) => !isWord(one));
      return inner ? treeOf(text, inner) : { kind: "value", text: here };
    }
    default:
      return { kind: "value", text: node.name === "StringLiteral" ? unquoted(here) : here };
  }
}

/** An expression without variables, of PromQL. */
export function promql(text: string): Parsed<Expression> {
  const known = parsed.get(text);
  if (known) return known;
  const root = promqlParser.parse(text).topNode as Node;
  const found = { text, errors: errorsOf(text, root), tree: treeOf(text, root) };
  parsed.set(text, found);
  return found;
}
/** The same queries stand in several modes. */
const parsed = new Map<string, Parsed<Expression>>();

/** What an expression is made of, itself included. */
export const partsOf = (one: Expression): readonly Expression[] => {
  switch (one.kind) {
    case "binary":
      return [one, ...partsOf(one.left), ...partsOf(one.right)];
    case "aggregate":
    case "call":
      return [one, ...one.of.flatMap(partsOf)];
    case "subquery":
      return [one, ...partsOf(one.of)];
    default:
      return [one];
  }
};
export const selectorsOf = (one: Expression): readonly Selector[] =>
  partsOf(one).filter((part): part is Selector => part.kind === "selector");

/**
 * Labels that the result may have, by those that a selector's series may have; "any" where nobody can tell.
 */
export function labelsOf(
  one: Expression,
  ofSelector: (one: Selector) => ReadonlySet<string> | "any",
): ReadonlySet<string> | "any" {
  const of = (inner: Expression): ReadonlySet<string> | "any" => labelsOf(inner, ofSelector);
  const union = (a: ReadonlySet<string> | "any", b: ReadonlySet<string> | "any"): ReadonlySet<string> | "any" =>
    a === "any" || b === "any" ? "any" : new Set([...a, ...b]);
  const none: ReadonlySet<string> = new Set();
  /** The operand that has series: the others are numbers and texts. */
  const vector = (all: readonly Expression[]): Expression | undefined => all.find(({ kind }) => kind !== "value");
  switch (one.kind) {
    case "value":
      return none;
    case "selector":
      return ofSelector(one);
    case "subquery":
      return of(one.of);
    case "aggregate": {
      const inner = vector(one.of);
      const there = inner ? of(inner) : none;
      if (/^(?:topk|bottomk|limitk|limit_ratio)$/.test(one.operation)) return there;
      const named = one.operation === "count_values" && one.of[0]?.kind === "value" ? [one.of[0].text] : [];
      if (one.without) {
        if (there === "any") return "any";
        return new Set([...there, ...named].filter((label) => !one.without?.includes(label)));
      }
      return new Set([...(one.by ?? []), ...named]);
    }
    case "call": {
      if (/^(?:vector|scalar|time|pi)$/.test(one.name)) return none;
      const inner = vector(one.of);
      if (/^absent/.test(one.name)) {
        const [selector] = inner ? selectorsOf(inner) : [];
        return new Set((selector?.matchers ?? []).filter(({ operator }) => operator === "=").map(({ label }) => label));
      }
      const there = inner ? of(inner) : none;
      if (there === "any") return "any";
      if (/^label_(?:replace|join)$/.test(one.name)) {
        const label = one.of[1];
        return label?.kind === "value" ? new Set([...there, label.text]) : there;
      }
      if (/^histogram_(?:quantile|fraction)$/.test(one.name))
        return new Set([...there].filter((label) => label !== "le"));
      return there;
    }
    case "binary": {
      const [left, right] = [of(one.left), of(one.right)];
      if (one.operation === "or") return union(left, right);
      if (/^(?:and|unless)$/.test(one.operation)) return left;
      if (one.left.kind === "value") return right;
      if (one.right.kind === "value" || isScalar(one.right)) return left;
      if (isScalar(one.left)) return right;
      if (one.group) return union(one.group.side === "left" ? left : right, new Set(one.group.labels));
      // Comparisons too: `resultMetric` in promql/engine.go of 3.16.0.
      if (one.on) return new Set(one.on);
      return left === "any" ? "any" : new Set([...left].filter((label) => !one.ignoring?.includes(label)));
    }
  }
}

/** A number, not a vector. */
const isScalar = (one: Expression): boolean => {
  if (one.kind === "value") return true;
  if (one.kind === "call") return /^(?:scalar|time|pi)$/.test(one.name);
  return one.kind === "binary" && isScalar(one.left) && isScalar(one.right);
};

export interface LogQuery {
  readonly selectors: readonly (readonly Matcher[])[];
  readonly groupings: readonly string[];
  /** Seconds. */
  readonly ranges: readonly number[];
  /** Whether the result is numbers. */
  readonly isMetric: boolean;
  /** Functions over a range: "rate". */
  readonly functions: readonly string[];
}

/** An expression without variables, of LogQL. */
export function logql(text: string): Parsed<LogQuery> {
  const root = logqlParser.parse(text).topNode as Node;
  const nodes = below(root);
  const textOf = ({ from, to }: Node): string => text.slice(from, to);
  const named = (name: string): readonly Node[] => nodes.filter((one) => one.name === name);
  return {
    text,
    errors: errorsOf(text, root),
    tree: {
      selectors: named("Selector").map((one) =>
        below(one)
          .filter(({ name }) => name === "Matcher")
          .map((matcher) => matcherOf(text, matcher)),
      ),
      groupings: named("Grouping").flatMap((one) =>
        below(one)
          .filter(({ name }) => name === "Identifier")
          .map(textOf),
      ),
      ranges: named("Range").map((one) => secondsOf(textOf(one))),
      isMetric: named("MetricExpr").length > 0,
      functions: named("RangeOp").map(textOf),
    },
  };
}

export interface TraceQuery {
  /** Attributes with their scopes: "resource.service.name". */
  readonly attributes: readonly string[];
}

/** Expressions that Tempo takes and the grammar, at 1.0.0, does not know yet. */
const newer: readonly (readonly [RegExp, string])[] = [
  [/\s*with\s*\([^)]*\)\s*$/, ""],
  [/\|\s*compare\(.*\)\s*$/, ""],
  [/\bnestedSet(?:Parent|Left|Right)\b/g, "duration"],
];

/** An expression without variables, of TraceQL. */
export function traceql(text: string): Parsed<TraceQuery> {
  const known = newer.reduce((now, [one, by]) => now.replace(one, by), text);
  const root = traceqlParser.parse(known).topNode as Node;
  return {
    text,
    errors: errorsOf(known, root),
    tree: {
      attributes: below(root)
        .filter(({ name }) => name === "AttributeField")
        .map(({ from, to }) => known.slice(from, to)),
    },
  };
}
