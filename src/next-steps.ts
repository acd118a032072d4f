interface Ready {
  readonly url: string;
  readonly signupEnabled: boolean;
}

/** What is read first when the server is ready: a newcomer gets one line to paste. */
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
