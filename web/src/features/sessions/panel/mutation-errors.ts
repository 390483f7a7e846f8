export interface FormError {
  /** The input that the error belongs to. Undefined if it belongs to the form as a whole. */
  field?: string;
  text: string;
}

/** Splits errors into those of the named fields, by field, and the messages of all others. */
export function splitErrors<Field extends string>(errors: readonly FormError[], fields: readonly Field[]) {
  const isOf = (field: Field) => (error: FormError) => error.field === field;
  const fieldErrors: Partial<Record<Field, string>> = {};
  for (const field of fields) fieldErrors[field] = errors.find(isOf(field))?.text;
  const formErrors = errors.filter(({ field }) => !fields.some((name) => name === field)).map(({ text }) => text);
  return { fieldErrors, formErrors };
}
