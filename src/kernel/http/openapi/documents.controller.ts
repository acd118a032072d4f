import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { notFound } from '../../domain/errors.js';
import { ApiDocuments } from './api-documents.js';
import { errorResponses } from '../error-docs.js';
import { Public, Uncounted } from '../principal.js';

const anyObject = { schema: { type: 'object', additionalProperties: true }, example: {} };

/** The API documents for programs, and a page for people, which loads nothing from other hosts. */
@Controller()
@ApiTags('operations')
@Public()
@Uncounted()
export class DocumentsController {
  constructor(private readonly documents: ApiDocuments) {}

  @Get('openapi.json')
  @ApiOperation({ operationId: 'getOpenApi', summary: 'Get this document' })
  @ApiOkResponse({ content: { 'application/json': anyObject } })
  openApi(@Res() response: Response): void {
    response.type('json').send(this.documents.openApi);
  }

  @Get('asyncapi.json')
  @ApiOperation({ operationId: 'getAsyncApi', summary: 'Get the AsyncAPI 3.0 document of the events' })
  @ApiOkResponse({ content: { 'application/json': anyObject } })
  asyncApi(@Res() response: Response): void {
    response.type('json').send(this.documents.asyncApi);
  }

  @Get('docs')
  @ApiOperation({ operationId: 'getDocs', summary: 'Browse this document' })
  @ApiProduces('text/html')
  @ApiOkResponse({ schema: { type: 'string' } })
  page(@Res() response: Response): void {
    response.setHeader('Content-Security-Policy', CONTENT_POLICY).type('html').send(PAGE);
  }

  @Get('docs/:file')
  @ApiOperation({ operationId: 'getDocsFile', summary: 'Get a script, style or icon of the page' })
  @ApiParam({ name: 'file', example: 'start.js' })
  @ApiOkResponse({
    content: {
      'text/javascript': { schema: { type: 'string' } },
      'text/css': { schema: { type: 'string' } },
      'image/png': { schema: { type: 'string', format: 'binary' } },
    },
  })
  @errorResponses(404)
  file(@Param('file') file: string, @Res() response: Response): void {
    const isOurs = file === 'start.js';
    if (!isOurs && !SWAGGER_UI_FILES.includes(file)) throw notFound('file');
    response.setHeader('Cache-Control', 'public, max-age=3600');
    if (isOurs) response.type('js').send(START);
    else response.sendFile(join(swaggerUi(), file), { acceptRanges: false });
  }
}

/** Everything from this host; only styles may be inline, because Swagger UI sets some on its elements. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const SWAGGER_UI_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>CauseFlow API</title>
    <link rel="icon" href="/docs/favicon-32x32.png" />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

// By default Swagger UI sends the document to a validator on the internet.
const START = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  persistAuthorization: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
`;

/** The directory of swagger-ui-dist, a dependency of @nestjs/swagger. */
function swaggerUi(): string {
  const { resolve } = createRequire(import.meta.url);
  return dirname(createRequire(resolve('@nestjs/swagger')).resolve('swagger-ui-dist/package.json'));
}
