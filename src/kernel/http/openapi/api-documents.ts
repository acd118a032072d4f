import { type INestApplication, Injectable, Logger } from '@nestjs/common';
import { asyncApiDocument } from '../../events/asyncapi.js';
import { EventCatalogue } from '../../events/event-catalogue.js';
import { sharedNames } from '../fields.js';
import { openApiDocument } from './openapi.js';

/**
 * The API documents of the running application, including extensions. Generated at the first request, because most processes never
 * serve them and they take memory.
 */
@Injectable()
export class ApiDocuments {
  private readonly log = new Logger(ApiDocuments.name);
  private app: INestApplication | undefined;
  private openApiText: string | undefined;
  private asyncApiText: string | undefined;

  constructor(private readonly catalogue: EventCatalogue) {}

  describe(app: INestApplication): void {
    this.app = app;
  }

  get openApi(): string {
    if (!this.app) throw new Error('There is no application to describe yet');
    return (this.openApiText ??= this.write(this.app));
  }

  get asyncApi(): string {
    return (this.asyncApiText ??= JSON.stringify(asyncApiDocument(this.catalogue.published)));
  }

  private write(app: INestApplication): string {
    // Our own classes are checked by generate-docs; an extension's class may have the name of one of ours.
    for (const name of sharedNames())
      this.log.warn(`Several classes are called ${name}: /openapi.json shows one in the place of the others`);
    return JSON.stringify(openApiDocument(app, this.catalogue.published));
  }
}
