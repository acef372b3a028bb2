/**
 * What the tests of a bundle get for `node:test`: it runs them one after the other in the process that has loaded them, and can stop at the
 * first that fails, which Node's own runner cannot.
 */
type Body = (context: Context) => unknown;
interface Context {
  after(clean: () => unknown): void;
  skip(): void;
  diagnostic(): void;
  test(name: string, body: Body): Promise<void>;
}
interface Test {
  readonly name: string;
  readonly body: Body;
}
interface Suite {
  readonly name: string;
  readonly items: (Suite | Test)[];
  readonly before: (() => unknown)[];
  readonly after: (() => unknown)[];
}

const suiteOf = (name: string): Suite => ({ name, items: [], before: [], after: [] });
let current = suiteOf("");

/** As `node:test` has it: options between name and body, or none. */
const given = (rest: readonly unknown[]): { readonly body: Body; readonly isSkipped: boolean } => {
  const options = (rest.length > 1 ? rest[0] : {}) as { readonly skip?: unknown };
  return { body: (rest.at(-1) ?? (() => undefined)) as Body, isSkipped: Boolean(options.skip) };
};

export const test = (name: string, ...rest: readonly unknown[]): void => {
  const { body, isSkipped } = given(rest);
  if (!isSkipped) current.items.push({ name, body });
};
export const it = test;

export const describe = (name: string, ...rest: readonly unknown[]): void => {
  const { body, isSkipped } = given(rest);
  if (isSkipped) return;
  const outer = current;
  const own = suiteOf(name);
  outer.items.push(own);
  current = own;
  try {
    (body as () => unknown)();
  } finally {
    current = outer;
  }
};

export const before = (body: () => unknown): void => void current.before.push(body);
export const after = (body: () => unknown): void => void current.after.push(body);

/** @param failed gets the name of each test that fails, with those of its suites; whether to stop */
async function run(
  suite: Suite,
  names: readonly string[],
  failed: (name: string, error: unknown) => boolean,
): Promise<boolean> {
  const path = suite.name === "" ? names : [...names, suite.name];
  let stopped = false;
  const attempt = async (name: string, body: () => unknown): Promise<void> => {
    try {
      await body();
    } catch (error) {
      stopped ||= failed([...path, name].filter((one) => one !== "").join(": "), error);
    }
  };
  await attempt("", async () => {
    for (const body of suite.before) await body();
  });
  for (const item of suite.items) {
    if (stopped) break;
    if ("items" in item) {
      stopped = await run(item, path, failed);
      continue;
    }
    const cleaning: (() => unknown)[] = [];
    const context: Context = {
      after: (clean) => void cleaning.push(clean),
      skip: () => undefined,
      diagnostic: () => undefined,
      test: (name, body) => attempt(`${item.name}: ${name}`, () => body(context)),
    };
    await attempt(item.name, () => item.body(context));
    for (const clean of cleaning) await clean();
  }
  for (const body of suite.after) await attempt("", body);
  return stopped;
}

/** Runs what has been said since the last time. */
export async function runAll(failed: (name: string, error: unknown) => boolean): Promise<boolean> {
  const own = current;
  current = suiteOf("");
  return run(own, [], failed);
}
