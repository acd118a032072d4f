/** Where the demo plays: on the server that runs here, or, when undefined, on one that it starts itself. */
export function demoServerUrl(): string | undefined {
  return process.env['CAUSEFLOW_URL']?.replace(/\/+$/, '') || undefined;
}
