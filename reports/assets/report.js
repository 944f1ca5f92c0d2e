// The only script of the report: folds the table, switches the theme, hands out the data.
{
  const root = document.documentElement;

  for (const button of document.querySelectorAll('button.expand')) {
    const target = document.getElementById(button.getAttribute('aria-controls'));
    const show = (open) => {
      button.setAttribute('aria-expanded', String(open));
      target.hidden = !open;
    };
    // Open without a script, folded with one.
    show(false);
    button.addEventListener('click', () => show(target.hidden));
  }

  const theme = document.querySelector('[data-action="theme"]');
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : prefersDark.matches);
  const showTheme = () => theme.setAttribute('aria-pressed', String(isDark()));
  theme.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    showTheme();
  });
  prefersDark.addEventListener('change', showTheme);
  showTheme();
  theme.hidden = false;

  const download = document.querySelector('[data-action="download"]');
  download.addEventListener('click', () => {
    const text = document.getElementById('results').textContent;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    link.download = 'results.json';
    link.click();
    URL.revokeObjectURL(link.href);
  });
  download.hidden = false;
}
