import { Scalar } from "yaml";

/**
 * Text that stays one whatever its variable is expanded to before YAML is read: an address that
 * ends in "::" would be a key.
 */
export const quoted = (text: string): Scalar<string> => Object.assign(new Scalar(text), { type: Scalar.QUOTE_DOUBLE });
