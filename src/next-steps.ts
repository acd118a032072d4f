interface Ready {
  readonly url: string;
  readonly signupEnabled: boolean;
}

/** Printed when the server is ready: one command for newcomers to paste. */
export function nextSteps({ url, signupEnabled }: Ready): string {
  return `
CauseFlow is ready on ${url}

${signupEnabled ? beginAt(url) : CLOSED}

  API documents: ${url}/docs
`;
}

const CLOSED = '  Registration is closed. For a first account, start it once with SIGNUP_ENABLED=true.';

function beginAt(url: string): string {
  return `  See the whole flow in this terminal:   CAUSEFLOW_URL=${url} npm run demo
  Or begin with an account:
    curl -s ${url}/v1/auth/register -H 'Content-Type: application/json' \\
      -d '{"email":"you@example.com","password":"choose-a-long-one","tenantName":"My team"}'`;
}
