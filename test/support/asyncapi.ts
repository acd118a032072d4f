import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface AsyncApiDocument {
  readonly channels: Readonly<Record<string, { readonly address: string; readonly messages: object }>>;
  readonly operations: Readonly<Record<string, { readonly messages: readonly { readonly $ref: string }[] }>>;
  readonly components: {
    readonly messages: Readonly<
      Record<string, { readonly payload: object; readonly examples: { payload: unknown }[] }>
    >;
  };
}

/** The AsyncAPI document of a server, and checks of events against it. */
export class AsyncApi {
  private readonly validators: ReadonlyMap<string, ValidateFunction>;

  constructor(readonly document: AsyncApiDocument) {
    const ajv = addFormats.default(new Ajv2020({ allErrors: true }));
    const messages = Object.entries(document.components.messages);
    this.validators = new Map(messages.map(([name, { payload }]) => [name, ajv.compile(payload)]));
  }

  static async of(url: string): Promise<AsyncApi> {
    return new AsyncApi((await (await fetch(`${url}/asyncapi.json`)).json()) as AsyncApiDocument);
  }

  /** The names of the events it describes. */
  get events(): string[] {
    return this.messagesOf('publishEvents');
  }

  /** The names of the frames that carry no event. */
  get controlFrames(): string[] {
    return this.messagesOf('controlStream');
  }

  private messagesOf(operation: string): string[] {
    const { messages = [] } = this.document.operations[operation] ?? {};
    return messages.map(({ $ref }) => $ref.slice($ref.lastIndexOf('/') + 1));
  }

  /** @param payload what stands behind `data:` in a frame, parsed */
  faultsOf(event: string, payload: unknown): string[] {
    const validate = this.validators.get(event);
    if (!validate) return [`${event} is not described`];
    if (validate(payload)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `${event}${instancePath} ${message ?? ''}`,
    );
  }
}
