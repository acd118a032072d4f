import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { findProgram, freePort, makeTempFolder, startProcess } from '../harness/processes.mjs';
import { newEnvelope } from '../measures/event-writer.mjs';

/** nginx with nchan, one worker, as in its documentation of EventSource. @returns undefined if it is not installed */
export async function startNchan() {
  const nginx = findProgram('nginx');
  const module = nginx && join(dirname(nginx), '../lib/nginx/modules/ngx_nchan_module.so');
  if (!module || !existsSync(module)) return undefined;
  const folder = makeTempFolder('nchan');
  const port = await freePort();
  const conf = join(folder, 'nginx.conf');
  writeFileSync(conf, configuration({ module, folder, port }));
  const server = await startProcess(nginx, ['-p', folder, '-c', conf], { port });
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  // All requests in one write, so that publishing does not limit the throughput.
  const publish = (count) => {
    const responses = new Promise((resolve, reject) => {
      let count2xx = 0;
      socket.on('data', function onData(chunk) {
        const text = chunk.latin1Slice();
        if (/HTTP\/1\.1 [345]/.test(text)) reject(new Error(text));
        count2xx += text.split('HTTP/1.1 2').length - 1;
        if (count2xx < count) return;
        socket.off('data', onData);
        resolve();
      });
    });
    socket.write(
      Array.from({ length: count }, () => post(newEnvelope('ten_01HV7ZK3T9ZQ8G7N5J4M2C6B1A'))).join(''),
    );
    return responses;
  };
  const stream = { url: server.url, path: '/sub', headers: 'Accept: text/event-stream\r\n' };
  const stop = async () => {
    socket.destroy();
    await server.stop();
  };
  return { name: 'nchan (1 worker)', ...server, stream, publish, stop };
}

function post(body) {
  return (
    `POST /pub HTTP/1.1\r\nHost: nchan\r\nX-EventSource-Event: incident.created\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

function configuration({ module, folder, port }) {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
load_module ${module};
daemon off;
${userInfo().uid === 0 ? 'user root;' : ''}
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 16000; }
http {
  access_log off;
  keepalive_requests 1000000;
  nchan_shared_memory_size 128m;
  ${paths.map((path) => `${path}_temp_path ${folder}/${path};`).join(' ')}
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location = /pub { nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 200; }
    location = /sub { nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest; }
  }
}
`;
}
