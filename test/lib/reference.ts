import { toJsonSchema } from "@valibot/to-json-schema";
import { catalogue } from "../../src/components/index.ts";
import { settingsTables } from "../../src/core/assemble/base.ts";
import type { SettingsTable } from "../../src/core/model/component.ts";
import { keepersOf, modesOf } from "../../src/core/model/component.ts";
import { settingsSchema } from "../../src/settings/schema.ts";
import { settingsPage } from "./settings-page.ts";
import { built } from "./world.ts";

/* The files that follow from the table of settings: names as types, the reference and the schema for editors. */

const tables = settingsTables(built.bases);
export const schema = settingsSchema({ catalogue, tables });

/** The names that a table of the schema has. */
function namesIn(key: string): readonly string[] {
  const { entries } = schema as unknown as { entries: Record<string, { wrapped?: unknown; pipe?: unknown }> };
  const field = entries[key] as { wrapped?: { entries?: object }; entries?: object };
  return Object.keys(field.wrapped?.entries ?? field.entries ?? {});
}

const union = (names: readonly string[]): string => names.map((name) => `\n  | ${JSON.stringify(name)}`).join("");

const settingsOf = (): readonly (readonly [string, SettingsTable])[] =>
  catalogue
    .map(({ name }): [string, SettingsTable] => {
      const component = catalogue.find((one) => one.name === name);
      return [
        name,
        Object.assign({}, ...(component ? modesOf(component) : []).map((mode) => component && tables(component, mode))),
      ];
    })
    .filter(([, table]) => Object.keys(table).length > 0);

const header = "Generated from the table of settings by `npm run reference`; do not edit.";

/** `src/settings/names.ts`: what an editor completes and refuses. */
export const namesText = (): string =>
  [
    `/* ${header} */`,
    `export type ComponentName =${union(namesIn("modes"))};`,
    `/** In any mode. */\nexport type WorkloadName =${union(namesIn("egress"))};`,
    `/** Those whose pods have a volume. */\nexport type VolumeComponent =${union(namesIn("volumes").filter((name) => name !== "default"))};`,
    `export type TenantComponent =${union(namesIn("overrides"))};`,
    `/** Those that keep objects. */\nexport type StoreComponent =${union(keepersOf(catalogue))};`,
    `/** By component, in any mode. */\nexport interface SettingNames {\n${settingsOf()
      .map(
        ([name, table]) =>
          `  readonly ${/^\w+$/.test(name) ? name : JSON.stringify(name)}:${union(Object.keys(table)).replaceAll("\n", "\n  ")};`,
      )
      .join("\n")}\n}\n`,
  ].join("\n\n");

const jsonSchema = () => toJsonSchema(schema, { errorMode: "ignore", typeMode: "input" });

/** `src/settings/environment.schema.json`, for editors of YAML and JSON. */
export const schemaText = (): string =>
  `${JSON.stringify(
    {
      title: "An environment of kube-lgtm",
      $comment: header,
      ...jsonSchema(),
    },
    null,
    2,
  )}\n`;

/**
 * Every file, by its path from the root of the project; as prettier finds it, save for line breaks.
 */
export const references = (): Readonly<Record<string, string>> => ({
  "src/settings/names.ts": namesText(),
  "src/settings/environment.schema.json": schemaText(),
  "docs/settings.md": settingsPage(jsonSchema() as Parameters<typeof settingsPage>[0]),
});
