/** A process in which `run.ts` has bundles of tests run, one after the other: what all of them load is loaded once. */
interface Bundle {
  run(failed: (name: string, error: unknown) => boolean): Promise<void>;
}
interface Task {
  readonly file: string;
  /** Pattern of the names of tests that count. */
  readonly about: string;
  /** Pattern of the names of tests that do not. */
  readonly not: string;
}
/** What became of it: the first test that failed, or why none could run. */
export interface Answer {
  readonly failed?: string | undefined;
  readonly message?: string | undefined;
}

const firstLine = (error: unknown): string =>
  String((error as Error | undefined)?.message ?? error).split("\n", 1)[0] ?? "";

process.on("message", ({ file, about, not }: Task) => {
  const [counts, passes] = [new RegExp(about, "i"), new RegExp(not)];
  let answer: Answer = {};
  const failed = (name: string, error: unknown): boolean => {
    if (passes.test(name) || !counts.test(name)) return false;
    answer = { failed: name, message: firstLine(error) };
    return true;
  };
  const work = async (): Promise<void> => {
    try {
      await ((await import(file)) as Bundle).run(failed);
    } catch (error) {
      answer = { message: `the build stops: ${firstLine(error)}` };
    }
    process.exitCode = 0;
    process.send?.(answer);
  };
  void work();
});
