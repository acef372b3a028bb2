import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

export interface Answer {
  readonly status: number;
  /** Texts of the Warning headers: what kubectl prints. */
  readonly warnings: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * A real API server with its own etcd, on loopback. It has no controllers and no nodes, and every
 * client may do everything.
 */
export interface ApiServer {
  readonly version: string;
  ask(method: string, path: string, body?: object, type?: string): Promise<Answer>;
  /** Path of the objects of a kind: without a name all of them, in all namespaces. */
  path(apiVersion: string, kind: string, namespace?: string, name?: string): Promise<string>;
  stop(): Promise<void>;
}

export class NotThere extends Error {}

const sleep = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });

/** Starts a program; its output goes to a file. */
const run = (program: string, args: readonly string[], log: string): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const out = openSync(log, "w");
    const child = spawn(program, args, { stdio: ["ignore", out, out] });
    closeSync(out);
    child.once("error", () => reject(new NotThere(program)));
    child.once("spawn", () => resolve(child));
  });

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const end = async (child: ChildProcess): Promise<void> => {
  if (ended(child)) return;
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(hard);
};

/** https://kubernetes.io/docs/concepts/overview/kubernetes-api/#api-groups-and-versioning */
const root = (apiVersion: string): string => (apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/**
 * $KUBE_APISERVER and $ETCD, or the programs on the PATH.
 * @throws NotThere with the name of the program that is missing
 */
export async function startApiServer(): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), "kube-lgtm-apiserver-"));
  const file = (name: string): string => join(folder, name);
  const started: ChildProcess[] = [];
  const hasty = (): never => {
    for (const child of started) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, hasty);
  const stop = async (): Promise<void> => {
    for (const child of started.toReversed()) await end(child);
    rmSync(folder, { recursive: true, force: true });
    for (const signal of signals) process.off(signal, hasty);
  };
  try {
    const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
    const [clients, peers] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
    started.push(
      await run(
        process.env["ETCD"] ?? "etcd",
        [
          `--data-dir=${file("etcd")}`,
          `--listen-client-urls=${clients}`,
          `--advertise-client-urls=${clients}`,
          `--listen-peer-urls=${peers}`,
          `--initial-advertise-peer-urls=${peers}`,
          `--initial-cluster=default=${peers}`,
          "--unsafe-no-fsync",
        ],
        file("etcd.log"),
      ),
    );
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const token = randomBytes(16).toString("hex");
    writeFileSync(file("tokens.csv"), `${token},everybody,0\n`, { mode: 0o600 });
    writeFileSync(file("account.key"), privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
    const server = await run(
      process.env["KUBE_APISERVER"] ?? "kube-apiserver",
      [
        `--etcd-servers=${clients}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${port}`,
        `--cert-dir=${folder}`,
        `--token-auth-file=${file("tokens.csv")}`,
        "--authorization-mode=AlwaysAllow",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${file("account.key")}`,
        `--service-account-signing-key-file=${file("account.key")}`,
      ],
      file("kube-apiserver.log"),
    );
    started.push(server);
    const tail = (): string => readFileSync(file("kube-apiserver.log"), "utf8").trim().split("\n").slice(-5).join("\n");

    const own = (): Agent => new Agent({ keepAlive: true, maxSockets: 16, ca: readFileSync(file("apiserver.crt")) });
    let agent: Agent | undefined;
    const ask: ApiServer["ask"] = (method, path, body, type = "application/json") =>
      new Promise((resolve, reject) => {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const content = text === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(text) };
        const headers = { authorization: `Bearer ${token}`, ...content };
        agent ??= own();
        const asked = request({ host: "127.0.0.1", port, method, path, agent, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const answer = Buffer.concat(chunks).toString();
            const warnings = [...(response.headers.warning ?? "").matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)];
            resolve({
              status: response.statusCode ?? 0,
              warnings: warnings.map(([, one = ""]) => one),
              body: answer.startsWith("{") ? (JSON.parse(answer) as Answer["body"]) : { message: answer },
            });
          });
        });
        asked.on("error", reject);
        asked.end(text);
      });

    const patience = Date.now() + 180_000;
    for (;;) {
      if (ended(server)) throw new Error(`kube-apiserver ended:\n${tail()}`);
      const said = await ask("GET", "/readyz").then(({ status }) => status, String);
      if (said === 200) break;
      if (Date.now() > patience) throw new Error(`kube-apiserver is not ready after three minutes: ${said}\n${tail()}`);
      await sleep(500);
    }

    const known = new Map<string, Promise<readonly Resource[]>>();
    const resources = (apiVersion: string): Promise<readonly Resource[]> => {
      const found =
        known.get(apiVersion) ??
        ask("GET", root(apiVersion)).then(({ body }) => (body["resources"] ?? []) as readonly Resource[]);
      known.set(apiVersion, found);
      return found;
    };
    const { body } = await ask("GET", "/version");
    return {
      version: String(body["gitVersion"]),
      ask,
      stop,
      async path(apiVersion, kind, namespace, name) {
        const found = (await resources(apiVersion)).find((one) => one.kind === kind && !one.name.includes("/"));
        if (!found) throw new Error(`the API server has no kind ${kind} of ${apiVersion}`);
        const place = found.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : "";
        return `${root(apiVersion)}${place}/${found.name}${name === undefined ? "" : `/${name}`}`;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The refusal or warning of an API server, or undefined if it accepted the object without one. */
const complaint = ({ status, warnings, body }: Answer): string | undefined => {
  if (status >= 300) return `${status} ${String(body["message"])}`;
  return warnings.length > 0 ? `warning: ${warnings.join("; ")}` : undefined;
};

const idOf = ({ kind, metadata: { namespace = "", name } }: Manifest): string => `${kind} ${namespace}/${name}`;

/** The API server needs a moment until it accepts objects in a new namespace. */
const patiently = async (attempt: () => Promise<Answer>): Promise<Answer> => {
  for (let i = 0; i < 20; i++) {
    const answer = await attempt();
    const said = String(answer.body["message"]);
    if (!/namespaces? .* (not found|is being terminated|because it is being terminated)/.test(said)) return answer;
    await sleep(250);
  }
  return attempt();
};

/** Applies all objects like `kubectl apply --server-side`. Returns refusals and warnings. */
export async function applyAll(server: ApiServer, objects: readonly Manifest[]): Promise<readonly string[]> {
  const one = async (object: Manifest): Promise<readonly string[]> => {
    const { apiVersion, kind, metadata } = object;
    const path = await server.path(apiVersion, kind, metadata.namespace, metadata.name);
    const query = "fieldManager=kubectl&fieldValidation=Strict";
    const said = complaint(
      await patiently(() => server.ask("PATCH", `${path}?${query}`, object, "application/apply-patch+yaml")),
    );
    return said === undefined ? [] : [`${idOf(object)}: ${said}`];
  };
  const isSpace = ({ kind }: Manifest): boolean => kind === "Namespace";
  const first = await Promise.all(objects.filter(isSpace).map(one));
  // A pod is refused until its ServiceAccount exists.
  const accounts = await Promise.all(objects.filter(({ kind }) => kind === "ServiceAccount").map(one));
  const rest = objects.filter((object) => !isSpace(object) && object.kind !== "ServiceAccount");
  return [...first, ...accounts, ...(await Promise.all(rest.map(one)))].flat();
}

/** Deletes all objects like `kubectl delete`, and waits until they are gone. */
export async function deleteAll(server: ApiServer, objects: readonly Manifest[]): Promise<readonly string[]> {
  const isSpace = ({ kind }: Manifest): boolean => kind === "Namespace";
  const pathOf = ({ apiVersion, kind, metadata }: Manifest): Promise<string> =>
    server.path(apiVersion, kind, metadata.namespace, metadata.name);
  const one = async (object: Manifest): Promise<readonly string[]> => {
    const answer = await server.ask("DELETE", await pathOf(object), { propagationPolicy: "Background" });
    const said = complaint(answer);
    return said === undefined ? [] : [`${idOf(object)}: ${said}`];
  };
  const faults = await Promise.all(objects.filter((object) => !isSpace(object)).map(one));
  for (const space of objects.filter(isSpace)) {
    faults.push(await one(space));
    const path = await pathOf(space);
    // Without controllers, the finalizer of an empty namespace must be removed here.
    const { apiVersion, kind, metadata } = space;
    const empty = { apiVersion, kind, metadata: { name: metadata.name }, spec: { finalizers: [] } };
    await server.ask("PUT", `${path}/finalize`, empty);
    while ((await server.ask("GET", path)).status !== 404) await sleep(100);
  }
  return faults.flat();
}

interface Listed {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** Identity and state of every object of these kinds, in the whole cluster. */
export async function stateOf(server: ApiServer, kinds: readonly Manifest[]): Promise<ReadonlyMap<string, string>> {
  const all = new Map(kinds.map(({ apiVersion, kind }) => [`${apiVersion} ${kind}`, { apiVersion, kind }]));
  const lists = await Promise.all(
    [...all.values()].map(async ({ apiVersion, kind }) => {
      const { body } = await server.ask("GET", await server.path(apiVersion, kind));
      return ((body["items"] ?? []) as readonly Listed[]).map(({ metadata }): [string, string] => [
        `${kind} ${metadata.namespace ?? ""}/${metadata.name}`,
        `${metadata.uid} ${metadata.resourceVersion}`,
      ]);
    }),
  );
  return new Map(lists.flat());
}

/** Creates a pod of each template. Returns refusals and warnings, for example of Pod Security. */
export async function admitAll(
  server: ApiServer,
  pods: readonly { readonly id: string; readonly namespace: string; readonly pod: object }[],
): Promise<readonly string[]> {
  const answers = await Promise.all(
    pods.map(async ({ id, namespace, pod }) => {
      const path = `${await server.path("v1", "Pod", namespace)}?dryRun=All&fieldValidation=Strict`;
      const said = complaint(await patiently(() => server.ask("POST", path, pod)));
      return said === undefined ? [] : [`a pod of ${id}: ${said}`];
    }),
  );
  return answers.flat();
}
