/** Any Kubernetes object that has been built and validated. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** A builder's object from `kubernetes-models`. */
interface Model {
  validate(): void;
  toJSON(): unknown;
}

/**
 * The plain object of a model that its schema accepts; throws with the object's kind and name
 * otherwise.
 */
export function manifest(model: Model): Manifest {
  const plain = model.toJSON() as Manifest;
  try {
    model.validate();
  } catch (error) {
    throw new Error(
      `${plain.kind} ${plain.metadata?.name} does not pass the schema of its kind: ${(error as Error).message}`,
    );
  }
  return plain;
}

/** Kinds that no namespace holds. */
export const clusterScoped: ReadonlySet<string> = new Set([
  "APIService",
  "CSIDriver",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "FlowSchema",
  "GatewayClass",
  "IngressClass",
  "MutatingWebhookConfiguration",
  "Namespace",
  "PersistentVolume",
  "PriorityClass",
  "PriorityLevelConfiguration",
  "RuntimeClass",
  "StorageClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
  "VolumeAttributesClass",
]);
