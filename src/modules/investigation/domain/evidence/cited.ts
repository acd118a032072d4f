/** A row, and the id of the evidence that it is cited by. */
export interface Cited<Row> {
  readonly evidenceId: string;
  readonly row: Row;
}

/** Compares by the first of these fields in which two rows differ; a row without the field comes first. */
export function inOrderOf<Row>(...fields: readonly (keyof Row)[]) {
  return ({ row: a }: Cited<Row>, { row: b }: Cited<Row>): number => {
    for (const field of fields) {
      const [one, other] = [a[field] ?? '', b[field] ?? ''];
      if (one !== other) return one < other ? -1 : 1;
    }
    return 0;
  };
}
