import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve as absolute } from "node:path";
import { parseAllDocuments } from "yaml";
import { anyKustomize, build } from "../core/kustomize/program.ts";
import { handWritten } from "../core/output/hand-written.ts";
import { resolve } from "../core/kustomize/build.ts";
import { environmentNames, environments, files, foundation, overlayOf } from "../program.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

/** Where names are looked up: the project's folder, and the one that the command was given in. */
export interface Place {
  readonly root: string;
  readonly from: string;
}

/** What `work` makes of a folder of its own, which is gone afterwards. */
async function inTemporary<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "kube-lgtm-diff-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const kustomizations: readonly string[] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
const isKustomization = (folder: string): boolean => kustomizations.some((file) => existsSync(join(folder, file)));

/** What kustomize builds of a folder. */
async function built(source: string, folder: string): Promise<readonly Manifest[]> {
  try {
    return await build(anyKustomize(), folder);
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    if (stderr === undefined) throw error;
    throw new Error(`${source}: kustomize does not build it: ${stderr.trim()}`);
  }
}

/**
 * The objects of an environment as its settings, patches and objects are now, whatever has been written. Patches are left to kustomize, which
 * alone knows all that a strategic merge may say.
 */
async function ofEnvironment(name: string, { root }: Place): Promise<readonly Manifest[]> {
  const base = foundation();
  const found = (await environments(base)).find((one) => one.name === name);
  if (!found) throw new Error(`src/environments holds no ${name}. There are ${environmentNames().join(", ")}.`);
  const overlay = overlayOf(found, base);
  const byHand = handWritten(root, overlay);
  if (byHand.length === 0) return resolve(overlay);
  return inTemporary((folder) => {
    for (const [path, text] of files(base, [overlay], () => byHand)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    for (const own of ["patches", "objects"].map((one) => join(overlay.path, one)))
      if (existsSync(join(root, own))) cpSync(join(root, own), join(folder, own), { recursive: true });
    return built(name, join(folder, overlay.path));
  });
}

const isObject = (value: unknown): value is Manifest => {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<Manifest>;
  return typeof apiVersion === "string" && typeof kind === "string" && typeof metadata?.name === "string";
};

/** The objects of a file of YAML documents, those of a List one by one. */
function ofFile(source: string, path: string): readonly Manifest[] {
  const documents = parseAllDocuments(readFileSync(path, "utf8"));
  if ("empty" in documents) return [];
  return documents.flatMap((document, i) => {
    const at = `${source}: document ${i + 1}`;
    const [error] = document.errors;
    if (error) throw new Error(`${at} is no YAML: ${error.message.split("\n")[0]}. Correct it.`);
    const value = document.toJS() as { readonly kind?: unknown; readonly items?: unknown } | null;
    if (value === null) return [];
    const items: readonly unknown[] = value.kind === "List" && Array.isArray(value.items) ? value.items : [value];
    return items.map((item) => {
      if (!isObject(item))
        throw new Error(`${at} is no object: expected apiVersion, kind and metadata.name. Remove it, or correct it.`);
      return item;
    });
  });
}

const ofPath = (source: string, path: string): Promise<readonly Manifest[]> | readonly Manifest[] => {
  if (!statSync(path).isDirectory()) return ofFile(source, path);
  if (isKustomization(path)) return built(source, path);
  throw new Error(`${source} holds no kustomization.yaml. Name a folder that does, or a file of objects.`);
};

/** The project's files at a revision, as a tar file. */
function archive(source: string, revision: string, root: string): Buffer {
  try {
    const args = ["archive", "--format=tar", revision];
    return execFileSync("git", args, { cwd: root, maxBuffer: 1 << 30, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stderr, message } = error as { readonly stderr?: Buffer; readonly message: string };
    const [said] = (stderr?.toString().trim() || message).split("\n");
    throw new Error(`${source}: git has no revision "${revision}" here (${said}). Name a commit, a branch or a tag.`);
  }
}

/** The overlay or folder of a revision as it was committed. */
const ofRevision = (source: string, revision: string, name: string, { root }: Place): Promise<readonly Manifest[]> =>
  inTemporary((folder) => {
    execFileSync("tar", ["-x", "-C", folder], { input: archive(source, revision, root) });
    const path = [join("overlays", name), name].find((one) => existsSync(join(folder, one)));
    if (path === undefined) {
      const overlays = join(folder, "overlays");
      const names = existsSync(overlays) ? readdirSync(overlays).join(", ") : "none";
      throw new Error(`${source}: ${revision} holds no ${name}. Its environments: ${names}.`);
    }
    return Promise.resolve(ofPath(source, join(folder, path)));
  });

/**
 * The objects that a word of the command line stands for: an environment, a folder with a kustomization, a file of objects, or one of
 * the first two at a git revision (`v0.1.0:dev`, `HEAD~1:overlays/dev`).
 * @throws with what there is if it stands for nothing
 */
export async function objectsOf(source: string, place: Place): Promise<readonly Manifest[]> {
  if (environmentNames().includes(source)) return ofEnvironment(source, place);
  const path = absolute(place.from, source);
  if (existsSync(path)) return ofPath(source, path);
  const [, revision, name] = /^([^:]+):(.+)$/.exec(source) ?? [];
  if (revision !== undefined && name !== undefined) return ofRevision(source, revision, name, place);
  throw new Error(
    `"${source}" is no environment, folder or file: expected one of ${environmentNames().join(", ")}, a path, or <git revision>:<environment or path>.`,
  );
}
