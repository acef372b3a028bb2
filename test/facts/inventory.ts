import { readdirSync, readFileSync } from "node:fs";

/** What a program says that it knows: flags, or keys of its configuration. `npm run facts` asks again. */
export interface Inventory {
  readonly program: string;
  readonly version: string;
  /** When it was asked. */
  readonly date: string;
  /** The command that printed it, or the file and the tag that it stands in. */
  readonly by: string;
  /** The last parts of dotted names, by what stands before them. */
  readonly names: Readonly<Record<string, string>>;
}

export const folded = (names: readonly string[]): Inventory["names"] => {
  const found: Record<string, string> = {};
  for (const name of names) {
    const [, before = "", last = ""] = /^(?:(.*)\.)?([^.]+)$/.exec(name) ?? [];
    found[before] = found[before] === undefined ? last : `${found[before]} ${last}`;
  }
  return found;
};
export const unfolded = (names: Inventory["names"]): readonly string[] =>
  Object.entries(names).flatMap(([before, lasts]) =>
    lasts.split(" ").map((last) => (before === "" ? last : `${before}.${last}`)),
  );

/** An inventory as it is asked. */
interface Known extends Omit<Inventory, "names"> {
  readonly names: ReadonlySet<string>;
}

const inventories = (folder: "flags" | "keys"): Readonly<Record<string, Known>> => {
  const at = new URL(`${folder}/`, import.meta.url);
  return Object.fromEntries(
    readdirSync(at).map((file) => {
      const { names, ...rest } = JSON.parse(readFileSync(new URL(file, at), "utf8")) as Inventory;
      return [file.replace(".json", ""), { ...rest, names: new Set(unfolded(names)) }];
    }),
  );
};

/** Flags, by program and sub-command. */
export const flags = inventories("flags");
/** Keys of configuration, by program: dotted paths (`a.b`; below `a.b.*` there may be anything), variables or properties. */
export const keys = inventories("keys");

/** Flags and keys that a program takes and does not list, each with the file that says so. */
export const hidden: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  k6: { "--no-summary": "internal/cmd/runtime_options.go of v1.8.1: deprecated" },
  loki: { "pattern_ingester.enabled": "pkg/pattern/ingester.go of v3.7.6: left out where it is false" },
  prometheus: {
    "--no-storage.tsdb.allow-overlapping-compaction": "cmd/prometheus/main.go of 3.16.0: a hidden flag, true by itself",
    "--storage.tsdb.min-block-duration": "cmd/prometheus/main.go of 3.16.0: hidden",
    "--storage.tsdb.max-block-duration": "cmd/prometheus/main.go of 3.16.0: hidden",
  },
  promtail: {
    labeldrop: "docs/sources/send-data/promtail/stages/labeldrop.md at v3.6.0",
    structured_metadata: "clients/pkg/logentry/stages/stage.go of 3.6: a stage with a page of its own, too",
  },
  tempo: {
    multitenancy_enabled: "cmd/tempo/app/config.go of v3.0.3: left out where it is empty, as all of these",
    shutdown_delay: "cmd/tempo/app/config.go",
    stream_over_http_enabled: "cmd/tempo/app/config.go",
    "metrics_generator.storage.remote_write": "modules/generator/storage/config.go",
    "overrides.defaults.compaction.block_retention": "modules/overrides/config.go",
    "overrides.defaults.metrics_generator.processors": "modules/overrides/config.go",
    "query_frontend.api_timeout": "modules/frontend/config.go",
  },
  thanos: {
    "--compact.enable-vertical-compaction": "cmd/thanos/compact.go of v0.42.5: hidden",
    "--shipper.allow-out-of-order-uploads": "cmd/thanos/config.go: hidden",
    "--shipper.skip-corrupted-blocks": "cmd/thanos/config.go: hidden",
    "--store.caching-bucket.config-file": "cmd/thanos/store.go: hidden",
  },
};

/** Directives of nginx that a gateway may have: https://nginx.org/en/docs/dirindex.html */
export const directives: readonly string[] = [
  ...["access_log", "client_body_temp_path", "client_max_body_size", "default_type", "error_log", "events"],
  ...["fastcgi_temp_path", "http", "include", "listen", "location", "log_format", "map", "pid", "proxy_http_version"],
  ...["proxy_pass", "proxy_read_timeout", "proxy_send_timeout", "proxy_set_header", "proxy_temp_path", "return"],
  ...["scgi_temp_path", "server", "server_tokens", "set", "split_clients", "uninitialized_variable_warn"],
  ...["uwsgi_temp_path", "worker_connections", "worker_processes"],
  // Of `map`: what counts where no value is the one.
  "default",
];
