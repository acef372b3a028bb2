import { spawn } from "node:child_process";

/** The cluster that kubectl points at, and the namespaces that are looked at there. */
export interface Cluster {
  /** kubectl and what comes before its own arguments, e.g. ["bash", "cluster", "kubectl"]. */
  readonly command: readonly string[];
  readonly stack: string;
  readonly agents: string;
  readonly users: string;
}

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** What of a Deployment, StatefulSet, DaemonSet, Job or Pod is read here. */
export interface ClusterObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly completions?: number;
    readonly volumeClaimTemplates?: readonly object[];
  };
  /** Of a ConfigMap. */
  readonly data?: Readonly<Record<string, string>>;
  readonly status?: Readonly<Record<string, unknown>> & {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly state: Readonly<Record<string, { readonly reason?: string }>> }[];
  };
}

const limitSeconds = 180;

/** Standard output of kubectl; throws with the last lines of its standard error if it fails. */
export const kubectl = (cluster: Cluster, args: readonly string[], input = ""): Promise<string> =>
  new Promise((resolve, reject) => {
    const [program = "kubectl", ...first] = cluster.command;
    const child = spawn(program, [...first, ...args], { timeout: limitSeconds * 1000 });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", (error) =>
      reject(
        new Error(`${program} does not run (${error.message}). Install kubectl, or name its command in $KUBECTL.`),
      ),
    );
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(out).toString());
      // Without a cluster kubectl says the same five times, each with a stack of its own cache.
      const lines = Buffer.concat(err).toString().trim().split("\n");
      const said = lines.filter((line) => !/^E\d{4} .*memcache\.go/.test(line));
      const reason = (said.length > 0 ? said : lines).slice(-3).join(" ");
      reject(new Error(`kubectl ${args.slice(0, 5).join(" ")}: ${reason || `ended by ${signal ?? code}`}`));
    });
    child.stdin.on("error", () => undefined); // a program that ends early closes its input; its exit code says why
    child.stdin.end(input);
  });

/** One object, or undefined if there is none of that name. */
export const get = async <T>(
  cluster: Cluster,
  namespace: string,
  kind: string,
  name: string,
): Promise<T | undefined> => {
  const text = await kubectl(cluster, ["-n", namespace, "get", kind, name, "-o", "json", "--ignore-not-found"]);
  return text.trim() === "" ? undefined : JSON.parse(text);
};

/** All objects of the given kinds ("deployments,jobs") in a namespace. */
export const list = async (cluster: Cluster, namespace: string, kinds: string): Promise<readonly ClusterObject[]> => {
  const { items }: { items: readonly ClusterObject[] } = JSON.parse(
    await kubectl(cluster, ["-n", namespace, "get", kinds, "-o", "json"]),
  );
  return items;
};

export const apply = async (cluster: Cluster, objects: readonly object[]): Promise<string> =>
  objects.length === 0
    ? ""
    : kubectl(cluster, ["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));

/** Deletes and waits until the object is gone; not an error if it never was. */
export const remove = (cluster: Cluster, namespace: string, kind: string, name: string): Promise<string> =>
  kubectl(cluster, ["-n", namespace, "delete", kind, name, "--ignore-not-found", "--timeout=120s"]);

export interface Request {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly seconds?: number;
}

export interface Answer {
  /** HTTP status, 0 if there was none. */
  readonly status: number;
  /** Whether a TCP connection was made. */
  readonly connected: boolean;
  /** curl's exit code: 6 unknown host, 7 refused, 28 timeout. */
  readonly exit: number;
  readonly body: string;
}

const script = `body=$1; shift
if [ -n "$body" ]; then printf %s "$body" | base64 -d | curl "$@" --data-binary @-; else curl "$@"; fi
echo "$?"`;

/** Reads back what `curl -w` and the shell appended to the body. */
export const answer = (output: string): Answer => {
  const end = output.trimEnd();
  const at = end.lastIndexOf("\n");
  const [status = "", connectTime = "", exit = ""] = end.slice(at + 1).split(" ");
  if (exit === "") throw new Error(`curl in the pod gave no result: ${end.slice(-200)}`);
  return {
    status: Number(status),
    connected: Number(connectTime) > 0,
    exit: Number(exit),
    body: end.slice(0, Math.max(at, 0)),
  };
};

/** An HTTP request made by curl inside a pod; a failed connection is an answer too, not an error. */
export const request = async (
  cluster: Cluster,
  { namespace, name }: PodName,
  url: string,
  ask: Request = {},
): Promise<Answer> => {
  const limit = String(ask.seconds ?? 20);
  const options = ["-s", "-g", "-m", limit, "--connect-timeout", limit, "-w", "\\n%{http_code} %{time_connect} "];
  const headers = Object.entries(ask.headers ?? {}).flatMap(([header, value]) => ["-H", `${header}: ${value}`]);
  const method = ask.method ? ["-X", ask.method] : [];
  const body = ask.body === undefined ? "" : Buffer.from(ask.body).toString("base64");
  const curl = ["sh", "-c", script, "sh", body, ...options, ...method, ...headers, url];
  return answer(await kubectl(cluster, ["-n", namespace, "exec", name, "--", ...curl]));
};
