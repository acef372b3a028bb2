import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type StoreSetting, storeOf } from "../src/settings/schema.ts";
import { none, says } from "./lib/findings.ts";
import { changeFaults } from "./lib/grafana.ts";
import { altered, idOf, without } from "./lib/objects.ts";
import {
  dataSourceFaults,
  fileFaults,
  keyFaults,
  nameLinks,
  unsetVariables,
  unusedSettings,
} from "./lib/references.ts";
import { built, dev, worlds } from "./lib/world.ts";
import type { Base } from "../src/core/model/component.ts";

const literalsOf = ({ configs }: Base): readonly string[] =>
  configs.flatMap(({ literals = {} }) => Object.keys(literals));

/** Keys of stores, by kind: a configuration names those of every kind, and those that are not set it takes for empty. */
const storeKeys = { s3: ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"], gcs: [], azure: ["AZURE_STORAGE_KEY"] };
const keysOfNoUse = (store: StoreSetting): readonly string[] => {
  const kind = store.kind === "minio" ? "s3" : store.kind;
  const isKeyed = storeOf({ store }).identity === "secret";
  return Object.values(storeKeys)
    .flat()
    .filter((key) => !(isKeyed && storeKeys[kind].some((one) => one === key)));
};

for (const { name, overlay, objects, environment } of worlds) {
  describe(`in ${name}`, () => {
    test("every ConfigMap, Secret, account, volume and Service that a pod names is there", () => {
      none(
        nameLinks(
          objects,
          overlay.parts.flatMap(({ expects }) => expects.map(({ name }) => name)),
        ),
      );
    });
    test("every file that an argument names lies in a mounted folder", () =>
      none([...fileFaults(objects), ...keyFaults(objects)]));
    test("every variable that a configuration or an argument names is in its container's environment", () => {
      const keys = new Map(overlay.parts.flatMap(({ expects }) => expects.map((one) => [one.name, one.keys] as const)));
      none(unsetVariables(objects, keys, keysOfNoUse(environment.store)));
    });
    test("every setting is used by somebody", () => {
      const ownKeys = new Set(overlay.parts.flatMap(({ bases }) => bases.flatMap(literalsOf)));
      // A Component is the same beside every mode: it may say what the base of another mode has a use for.
      const ofOtherModes = overlay.parts
        .flatMap(({ additions }) => additions.flatMap(({ configPatches }) => configPatches))
        .flatMap(({ literals = {} }) => Object.keys(literals))
        .filter((key) => !ownKeys.has(key) && built.bases.flatMap(literalsOf).includes(key));
      none(unusedSettings(objects, ofOtherModes));
    });
    test("Grafana sees every data source, one of them the default, and their links lead to each other", () => {
      none(dataSourceFaults(objects));
    });
    test("Grafana starts on the volume that it had in any other environment", () => {
      none(
        worlds.flatMap((before) => changeFaults(before.objects, objects).map((fault) => `${before.name}: ${fault}`)),
      );
    });
  });
}

describe("a name that leads nowhere is reported", () => {
  const { objects } = dev;
  const loki = "StatefulSet observability/loki";
  const container = ["spec", "template", "spec", "containers", 0];
  const id = (start: string): string => {
    const found = objects.map(idOf).find((one) => one.startsWith(start));
    assert.ok(found, start);
    return found;
  };
  const unsetIn = (list: typeof objects) => unsetVariables(list, new Map(), keysOfNoUse({ kind: "minio" }));
  const config = id("ConfigMap observability/loki-settings-");

  test("a ConfigMap", () => says(nameLinks(without(objects, config)), /loki spec: no ConfigMap loki-settings-/));
  test("a Secret", () =>
    says(nameLinks(without(objects, id("Secret observability/loki-s3-"))), /loki spec: no Secret loki-s3-/));
  test("an account", () =>
    says(nameLinks(without(objects, "ServiceAccount observability/loki")), /no ServiceAccount loki/));
  test("the Service of a StatefulSet", () => {
    says(nameLinks(without(objects, "Service observability/loki-headless")), /serviceName: no Service loki-headless/);
  });
  test("a volume", () => {
    const changed = altered(objects, loki, [...container, "volumeMounts", 0, "name"], "configuration");
    says(nameLinks(changed), /containers.loki: no volume configuration/);
    says(nameLinks(changed), /nobody mounts config/);
  });
  test("a file", () => {
    says(
      fileFaults(altered(objects, loki, [...container, "args", 0], "-config.file=/etc/lokki/loki.yaml")),
      /nothing is mounted at \/etc\/lokki/,
    );
  });
  test("a variable of a configuration", () => {
    says(
      unsetIn(altered(objects, config, ["data", "LOKI_RETENTION"], undefined)),
      /loki.yaml: LOKI_RETENTION is not in/,
    );
  });
  test("a variable of an argument", () => {
    says(unsetIn(altered(objects, loki, [...container, "args", 0], "-x=$(LOKI_X)")), /args: LOKI_X is not in/);
  });
  test("a variable of an Alloy configuration", () => {
    const alloy = id("ConfigMap observability-agents/alloy-settings-");
    says(
      unsetIn(altered(objects, alloy, ["data", "ALLOY_LOKI_URL"], undefined)),
      /config.alloy: ALLOY_LOKI_URL is not in/,
    );
  });
  test("a setting that nobody uses", () => {
    says(unusedSettings(altered(objects, config, ["data", "LOKI_SPEED"], "fast")), /loki-settings.*LOKI_SPEED: nobody/);
  });

  const source = id("ConfigMap observability/grafana-datasource-loki");
  const text = (fields: string): string => `datasources:\n  - ${fields}\n`;
  test("a data source's link", () => {
    says(
      dataSourceFaults(without(objects, id("ConfigMap observability/grafana-datasource-tempo"))),
      /no data source has the uid tempo/,
    );
  });
  test("two data sources of one identity", () => {
    says(
      dataSourceFaults(altered(objects, source, ["data", "loki.yaml"], text("{ name: L, uid: tempo }"))),
      /uid tempo is there twice/,
    );
    says(
      dataSourceFaults(altered(objects, source, ["data", "loki.yaml"], text("{ name: Tempo, uid: x }"))),
      /name Tempo is there twice/,
    );
  });
  test("a data source whose name or uid Grafana has under another of the two", () => {
    const becoming = (fields: string): readonly string[] =>
      changeFaults(objects, altered(objects, source, ["data", "loki.yaml"], text(fields)));
    says(becoming("{ name: Logs, uid: loki, type: loki }"), /same uid already exists": loki is not called Logs/);
    says(becoming("{ name: Loki, uid: logs, type: loki }"), /not found": Loki had the uid loki/);
    none(becoming("{ name: Loki, uid: loki, type: loki }"));
  });
  test("two defaults, or none", () => {
    says(
      dataSourceFaults(
        altered(objects, source, ["data", "loki.yaml"], text("{ name: L, uid: loki, isDefault: true }")),
      ),
      /2 data sources/,
    );
    says(
      dataSourceFaults(without(objects, id("ConfigMap observability/grafana-datasource-thanos"))),
      /0 data sources are the default/,
    );
  });
  test("a data source that Grafana does not mount", () => {
    says(
      dataSourceFaults(altered(objects, source, ["metadata", "name"], "grafana-datasource-new")),
      /grafana-datasource-new is not mounted/,
    );
  });
});
