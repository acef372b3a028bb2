type Labels = Readonly<Record<string, string>>;

/** A relabelling rule in Prometheus's format. */
export interface Rule {
  readonly source_labels?: readonly string[];
  readonly separator?: string;
  readonly regex?: string;
  readonly replacement?: string;
  readonly target_label?: string;
  readonly action?: string;
}

/**
 * Labels after the rules, as in model/relabel of Prometheus 3: the expression must match all of the
 * joined sources, a rule that does not match changes nothing, and an empty result removes the
 * label.
 */
export const relabelled = (rules: readonly Rule[], labels: Labels): Labels =>
  rules.reduce((found: Labels, rule) => {
    const { source_labels = [], separator = ";", regex = "(.*)", replacement = "$1", target_label, action } = rule;
    if ((action ?? "replace") !== "replace" || target_label === undefined)
      throw new Error(`action ${action} is not known here: teach it to this function.`);
    const joined = source_labels.map((name) => found[name] ?? "").join(separator);
    const match = new RegExp(`^(?:${regex})$`, "s").exec(joined);
    if (!match) return found;
    // Go's templates take the longest name: "$1_" is the group "1_", which does not exist.
    const value = replacement.replace(/\$(?:\{(\w+)\}|(\w+)|\$)/g, (_all, braced?: string, bare?: string) => {
      const name = braced ?? bare;
      if (name === undefined) return "$";
      return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? "";
    });
    const { [target_label]: _, ...others } = found;
    return value === "" ? others : { ...others, [target_label]: value };
  }, labels);
