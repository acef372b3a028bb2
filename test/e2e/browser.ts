import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** https://chromedevtools.github.io/devtools-protocol/, over a pair of pipes: no port, and no library. */
export interface Browser {
  /** A page as it is once nothing is loaded any more, and titles of panels that show an error. */
  picture(url: string): Promise<{ readonly picture: Buffer; readonly errors: readonly string[] }>;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Panels whose header says that a query failed, by their titles: `data-testid` of e2e-selectors in Grafana 12 and 13. */
const panelErrors = `[...document.querySelectorAll('[data-testid="data-testid Panel status error"]')]
  .map((one) => one.closest('section')?.getAttribute('data-testid') ?? 'a panel')`;

/** How long a page may take, in seconds, and how long it must then be quiet. */
const limits = { page: 60, quiet: 3 } as const;

/**
 * Starts a headless Chromium that logs in at `server` with each request.
 * @throws if there is none, or if it says that it cannot do something
 */
export async function openBrowser(
  program: string,
  server: { readonly user: string; readonly password: string },
  size: { readonly width: number; readonly height: number } = { width: 1600, height: 1100 },
): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "kube-lgtm-browser-"));
  const child = spawn(
    program,
    [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--remote-debugging-pipe",
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
  );
  const ended = new Promise<never>((_, reject) => {
    child.on("error", (error) =>
      reject(new Error(`${program} does not run (${error.message}). Install Chromium, or name it in $CHROMIUM.`)),
    );
    child.on("exit", (code) => reject(new Error(`${program} ended with ${code}`)));
  });
  ended.catch(() => undefined);
  const [, , , input, output] = child.stdio as unknown as [null, null, null, Writable, Readable];
  input.on("error", () => undefined);
  const waiting = new Map<number, (message: Message) => void>();
  let last = 0;
  let busyAt = Date.now();
  let open = 0;
  let rest = "";
  output.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split("\0");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const message = JSON.parse(part) as Message;
      if (message.id !== undefined) waiting.get(message.id)?.(message);
      if (message.method === "Network.requestWillBeSent") open += 1;
      if (message.method === "Network.loadingFinished" || message.method === "Network.loadingFailed") open -= 1;
      if (message.method?.startsWith("Network.")) busyAt = Date.now();
    }
  });
  const send = async (
    method: string,
    params: object = {},
    sessionId?: string,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const id = ++last;
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result = {}, error } = await Promise.race([answer, ended]);
    waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = (await send("Target.attachToTarget", { targetId, flatten: true })) as { sessionId: string };
  const inPage = (method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> =>
    send(method, params, sessionId);
  const login = Buffer.from(`${server.user}:${server.password}`).toString("base64");
  await inPage("Network.enable");
  await inPage("Network.setExtraHTTPHeaders", { headers: { Authorization: `Basic ${login}` } });
  await inPage("Emulation.setDeviceMetricsOverride", { ...size, deviceScaleFactor: 1, mobile: false });
  return {
    async picture(url) {
      open = 0;
      busyAt = Date.now();
      const { errorText } = await inPage("Page.navigate", { url });
      if (errorText) throw new Error(`${url}: ${String(errorText)}`);
      const end = Date.now() + limits.page * 1000;
      while (Date.now() < end && (open > 0 || Date.now() - busyAt < limits.quiet * 1000)) await wait(200);
      const { result } = (await inPage("Runtime.evaluate", { expression: panelErrors, returnByValue: true })) as {
        result: { value?: readonly string[] };
      };
      const { data } = (await inPage("Page.captureScreenshot", { format: "png" })) as { data: string };
      return { picture: Buffer.from(data, "base64"), errors: result.value ?? [] };
    },
    async close() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      await send("Browser.close").catch(() => undefined);
      await Promise.race([gone, wait(5000)]);
      child.kill();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
