"""The page of the report and what stands beside its tables, as templates."""

from string import Template

PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>geneglass evaluation</title>
<style>
:root{--ink:#1d2433;--soft:#545d6e;--line:#e3e6ec;--mark:#5a3e8e;--null:#8f5310;--bg:#f7f7fa}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:1200px;margin:0 auto;padding:40px 24px 64px}h1{font-size:28px;margin:0 0 4px}
h2{font-size:20px;margin:44px 0 8px}h3{font-size:15px;margin:14px 0 0;color:var(--soft)}
p{margin:8px 0;max-width:900px}.soft{color:var(--soft);font-size:14px}
.card{background:#fff;border:1px solid var(--line);border-radius:10px;padding:16px 20px;margin:14px 0;overflow-x:auto}
.sum p{font-size:17px;margin:6px 0}.warn{border-left:6px solid #b3402a;background:#fdf3f1}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th{text-align:right;vertical-align:bottom;font-weight:600;color:var(--soft);border-bottom:2px solid var(--line);
padding:6px 9px;line-height:1.25}
td{text-align:right;border-bottom:1px solid var(--line);padding:5px 9px;white-space:nowrap}
th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:#fff}
tr.recipe td{color:var(--mark)}tr.recipe td:first-child{font-weight:600}
tr.best td{color:var(--null);font-weight:600}tr.limit td{font-style:italic;color:var(--soft)}
table.turned th:not(:first-child) span{writing-mode:vertical-rl;transform:rotate(180deg);white-space:nowrap}
table.square,table.turned{width:auto}table.words td,table.words th{text-align:left;white-space:normal}
img{max-width:100%;height:auto;display:block}.fit{width:fit-content;max-width:100%}
.grid{display:grid;gap:14px;grid-template-columns:repeat(auto-fill,minmax(330px,1fr))}
.grid .card{margin:6px 0;padding:10px 12px}
details{border-top:1px solid var(--line);padding:8px 0}summary{cursor:pointer;font-weight:600}
ul{margin:6px 0;padding-left:20px}li{margin:4px 0;max-width:900px}
</style></head><body><main>
<h1>How well does the picture predict the genes?</h1>
<p class="soft">geneglass $version · protocol $protocol · split: $split · encoder $encoder</p>
$banner
<div class="card sum">$summary</div>
<h2>Every predictor, on sections it never saw</h2>
<p class="soft">r is the correlation of predicted and measured values over the spots of a section, averaged over genes,
then over sections; 1 is perfect, 0 is chance. Below the recipes stand predictors that never saw the image: a recipe is
worth something by what it has beyond the best of them (amber). A dot is a section, an upright stroke the mean, a
bar its 95 % interval.</p>
<div class="card">$strip</div>
<div class="card">$table</div>
$columns
$pairs
<h2>Gene by gene</h2>
<p class="soft">Each dot is a gene, its r averaged over sections. Above the line the picture adds something to what
position or depth alone give.</p>
$scatters
<h2>Maps of single genes</h2>
$maps
<h2>Errors and spatial structure</h2>
$structure
<h2>Regions that a pathologist named</h2>
$groups
<h2>Can the confidence be believed?</h2>
$calibration
$reuse
<h2>Section by section</h2>
<div class="card">$sections</div>
<h2>What leaks, and what these numbers can not say</h2>
$leaks
<h2>In words, and how this was measured</h2>
<div class="card"><ul>$details</ul></div>
</main></body></html>
""")

COLUMNS = Template("""<p class="soft">The $top genes of the second figure are those $ranking; the $top most variable
are those $hvg. Rank r is Spearman's. r / ceiling is the median over genes that have a noise ceiling. Shuffled is the
same recipe with its answers given to other spots: it must be about 0. Undefined: genes without a defined r, summed
over sections. The gene mean is the same at every spot and has no r. Ridge + position, a control, is the mean of ridge
and of position only, K = 40: recipes may not read positions.</p>""")

PAIRS = Template("""<h2>Recipe against recipe</h2>
<p class="soft">Mean over genes of r of the row minus r of the column, each gene averaged over sections first; violet:
the row is better, amber: the column. A star: the 95 % interval over $over leaves out 0. Intervals, the number of
genes and p (Wilcoxon, over genes) appear when the pointer rests on a figure, and stand in metrics.json.</p>
<h3>All genes</h3><div class="card">$all</div>
<h3>The $n_top highest by training mean</h3><div class="card">$top</div>""")

MAPS = Template("""<p class="soft">The $shown best and the $shown worst genes of one test section, chosen after the
fact: they show what success and failure look like, not what to expect. The section is the recipe's middle one by
mean r. The worst are taken from the half of the genes with the clearer measured pattern (higher noise ceiling).
Measured and predicted share one scale, in $unit.</p>""")

STRUCTURE = """<p class="soft">MSE, MAE and spread (standard deviation predicted over measured) are given only where
prediction and truth have one unit; squared errors must be read against the gene mean. Moran's I says how alike
neighbouring spots are: 0 is noise, 1 is smooth. Counting noise makes measured maps rough, so a good prediction is
smoother than what was measured. I, r over genes: whether the genes with structure are predicted to have it.</p>"""

CLUSTERS = """<p class="soft">Spots are clustered by what is predicted (K-means on principal components, as many
clusters as regions) and compared with the pathologist's regions: ARI / NMI, 1 where they are the same, ARI 0 by
chance. Clusters of the measured expression itself (first row) show how much such a comparison can give; position only
shows what is found without the image.</p>"""

OFF_BY = """Off by: the expected calibration error, the mean difference of the stated confidence and the share that
was right; on the line in the figures it is 0. A confidence that orders places has more right in its surer half. Where
a place looks like nothing in training a recipe abstains: such places are counted, and judged no further."""

REUSE = """<h2>What retrieval draws on</h2><p class="soft">A reference spot that is near to every place is retrieved
for all of them and tells them apart by nothing. Many spots used, and little weight on the most used, is what to
hope for.</p>"""

LEAKS = """<p class="soft">A score leaks where tissue of the tested patient was in training: sister sections look alike,
and a model that only remembers places would do well.</p>"""
