/* The labs in JupyterLab's launcher: a card for each, which opens its notebook beside a terminal.
 *
 * JupyterLab loads this file and takes the container from window._JUPYTERLAB, as webpack's module federation makes one
 * (https://webpack.js.org/concepts/module-federation): init() is given the modules that JupyterLab shares, get() gives
 * our plugin. It is written by hand so that there is nothing to build, and no third party's code to bring along.
 */
'use strict';
(() => {
  const CATEGORY = 'Containers course';
  const OPEN = 'labrunner:open';
  /* Milliseconds after which somebody wonders whether anything happens. */
  const PATIENCE = 1000;
  /* A container ship seen from its stern: three containers on a hull. */
  const ICON = {
    name: 'labrunner:lab',
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
      <g class="jp-icon3" fill="#616161">
        <path d="M4 10h5v4H4zM9.5 10h5v4h-5zM15 10h5v4h-5zM6.7 5.5h5v4h-5zM12.2 5.5h5v4h-5z"/>
        <path d="M2 15h20l-2.5 5h-15z"/>
      </g></svg>`
  };

  let shared;

  /* A module that JupyterLab shares, in the version that it runs itself. */
  async function shares(name) {
    const versions = Object.values(shared[name]);
    const factory = await (versions.find(version => version.loaded) ?? versions[0]).get();
    return factory();
  }

  /* Asks our part of the server; its sentence and the way out is what the Error says. */
  async function ask(services, settings, path, method) {
    const { ServerConnection } = services;
    const response = await ServerConnection.makeRequest(`${settings.baseUrl}labrunner/${path}`, { method }, settings);
    const answer = await response.json();
    if (answer.error) {
      const { says, next } = answer.error;
      throw new Error(next ? `${says.replace(/[^?]$/, '$&.')} Next: ${next}` : says); // a question has its own mark
    }
    if (!response.ok) {
      throw new Error(answer.message);
    }
    return answer;
  }

  /* Show that work goes on where it takes long: an engine may have to be started first. */
  async function shown(Notification, what, work) {
    let note;
    const timer = setTimeout(() => {
      note = Notification.emit(what, 'in-progress', { autoClose: false });
    }, PATIENCE);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      if (note) {
        Notification.dismiss(note);
      }
    }
  }

  async function extension() {
    const [{ ILauncher }, services, { Notification, showErrorMessage }] = await Promise.all(
      ['@jupyterlab/launcher', '@jupyterlab/services', '@jupyterlab/apputils'].map(shares)
    );

    function activate(app, launcher) {
      if (!launcher) {
        return; // Jupyter Notebook has none
      }
      const { commands, shell } = app;
      const settings = app.serviceManager.serverSettings;
      let cards = [];

      /* Show where the learner stands now. */
      async function show() {
        const { labs } = await ask(services, settings, 'labs', 'GET');
        cards.forEach(card => card.dispose());
        cards = labs.map((args, rank) =>
          launcher.add({ command: OPEN, args, category: CATEGORY, categoryRank: 0, rank })
        );
      }

      /* The notebook, with the lab's terminal at its right; the launcher gives its place to what is returned. */
      async function open({ lab, title }) {
        const opened = await shown(
          Notification,
          `Opening “${title}”`,
          ask(services, settings, `labs/${lab}`, 'POST')
        );
        const notebook = await commands.execute('docmanager:open', { path: opened.notebook });
        const terminals = [...shell.widgets('main')].filter(
          widget => widget.content?.session?.name === opened.terminal
        );
        const terminal = terminals[0] ?? (await commands.execute('terminal:create-new', { name: opened.terminal }));
        shell.add(terminal, 'main', { mode: 'split-right', ref: notebook.id });
        await terminal.revealed; // then it takes the keyboard, which is the notebook's
        shell.activateById(notebook.id);
        if (opened.aside) {
          Notification.info(`The text of this lab is new; your notebook from the older one is kept: ${opened.aside}`);
        }
        return notebook;
      }

      const telling = (title, work) => work.catch(error => void showErrorMessage(title, error));

      commands.addCommand(OPEN, {
        label: ({ title, steps, passed }) => (passed === steps ? `${title} (done)` : title),
        caption: ({ title, minutes, steps, passed }) =>
          `${title}: ${passed} of ${steps} steps passed; takes about ${minutes} minutes`,
        icon: ICON,
        execute: args => telling('This lab could not be opened', open(args))
      });
      commands.commandExecuted.connect((_, { id }) => {
        if (id === 'launcher:create') {
          void show().catch(() => {}); // the cards stay as they are; a click on one says what is wrong
        }
      });
      void telling('The labs of labrunner could not be listed', show());
    }

    return { id: 'labrunner:launcher', autoStart: true, optional: [ILauncher], activate };
  }

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB.labrunner = {
    init: scope => {
      shared = scope;
    },
    get: async () => {
      const plugin = await extension();
      return () => plugin;
    }
  };
})();
