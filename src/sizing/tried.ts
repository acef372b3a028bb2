import { type Load, type LoadField, loadFields, wrongAmount } from "./load.ts";

/**
 * A load with fields that are tried out, each as "field=amount".
 * @throws with every problem, one a line
 */
export function tried(load: Load | undefined, asked: readonly string[]): Load | undefined {
  if (asked.length === 0) return load;
  const fields = asked.map((text) => {
    const [field = "", amount = ""] = text.split("=", 2);
    return { text, field, amount: amount.trim() === "" ? NaN : Number(amount) };
  });
  const problems = fields.flatMap(({ text, field, amount }) => {
    if (!Object.hasOwn(loadFields, field))
      return [`--load ${text}: expected one of ${Object.keys(loadFields).join(", ")} and "=" and an amount`];
    const wrong = wrongAmount(field as LoadField, amount);
    return wrong ? [`--load ${text}: ${wrong}`] : [];
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return { ...load, ...Object.fromEntries(fields.map(({ field, amount }) => [field, amount])) };
}
