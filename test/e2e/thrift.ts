/** A span as Jaeger's clients send it; ids in lower-case hexadecimal, times in microseconds. */
export interface JaegerSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly start: number;
  readonly duration: number;
  readonly tags: Readonly<Record<string, string>>;
}

const type = { stop: 0, i32: 8, i64: 10, string: 11, struct: 12, list: 15 } as const;

type Field = readonly [kind: number, id: number, value: Buffer];

const i32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const i64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, BigInt(value)));
  return bytes;
};

const text = (value: string): Buffer => Buffer.concat([i32(Buffer.byteLength(value)), Buffer.from(value)]);

const struct = (fields: readonly Field[]): Buffer =>
  Buffer.concat([
    ...fields.flatMap(([kind, id, value]) => [Buffer.from([kind, id >> 8, id & 0xff]), value]),
    Buffer.from([type.stop]),
  ]);

const structs = (items: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([type.struct]), i32(items.length), ...items]);

const hex = (digits: string): bigint => BigInt(`0x${digits}`);

const tag = ([key, value]: readonly [string, string]): Buffer =>
  struct([
    [type.string, 1, text(key)],
    [type.i32, 2, i32(0)], // TagType STRING
    [type.string, 3, text(value)],
  ]);

const span = ({ traceId, spanId, name, start, duration, tags }: JaegerSpan): Buffer =>
  struct([
    [type.i64, 1, i64(hex(traceId.slice(16)))], // low half first
    [type.i64, 2, i64(hex(traceId.slice(0, 16)))],
    [type.i64, 3, i64(hex(spanId))],
    [type.i64, 4, i64(0)], // no parent
    [type.string, 5, text(name)],
    [type.i32, 7, i32(1)], // sampled
    [type.i64, 8, i64(start)],
    [type.i64, 9, i64(duration)],
    [type.list, 10, structs(Object.entries(tags).map(tag))],
  ]);

/** A `Batch` of jaeger.thrift (jaegertracing/jaeger-idl) in Thrift's binary protocol, as POST /api/traces takes it. */
export const jaegerBatch = (service: string, spans: readonly JaegerSpan[]): Buffer =>
  struct([
    [type.struct, 1, struct([[type.string, 1, text(service)]])],
    [type.list, 2, structs(spans.map(span))],
  ]);
