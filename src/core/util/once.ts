/**
 * The same function, which works out what comes of one and the same object only once. It must
 * depend on nothing else.
 */
export function once<K extends object, V>(of: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const found = known.get(key) ?? { value: of(key) };
    known.set(key, found);
    return found.value;
  };
}
