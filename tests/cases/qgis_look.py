"""Run by QGIS's own Python, not by ours: opens what we wrote and prints what QGIS made of it, one JSON object."""

import json
import sys

from qgis.core import (
    QgsApplication,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFieldConstraints,
    QgsGeometry,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def of_layer(layer):
    """What QGIS holds of one layer."""
    named, weight = [], None
    if layer.labelsEnabled():
        settings = layer.labeling().settings()
        asked, weight = QgsExpression(settings.fieldName), settings.format().font().weight()
        for feature in layer.getFeatures():
            scope = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
            scope.setFeature(feature)
            named.append(asked.evaluate(scope))
            assert not asked.hasEvalError(), asked.evalErrorString()
    return {
        "valid": layer.isValid(), "crs": layer.crs().authid(), "read_only": layer.readOnly(), "labels": named,
        "weight": weight,
        "renderer": type(layer.renderer()).__name__,
        "legend": [symbol.label() for symbol in layer.renderer().legendSymbolItems()],
        "aliases": {field.name(): layer.attributeAlias(at) for at, field in enumerate(layer.fields())},
    }  # fmt: skip


def drawn(layers, extent):
    """The colours of a map of the layers, most frequent first."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setExtent(extent)
    settings.setOutputSize(QSize(300, 240))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    assert not job.errors(), [error.message for error in job.errors()]
    picture, seen = job.renderedImage(), {}
    for x in range(picture.width()):
        for y in range(picture.height()):
            colour = picture.pixelColor(x, y).name()
            seen[colour] = seen.get(colour, 0) + 1
    return sorted(seen, key=lambda colour: -seen[colour])


def field(gpkg, cell):
    """The project inside ``field.gpkg``, its form, and a finding filled in."""
    project = QgsProject.instance()
    assert project.read(f"geopackage:{gpkg}?projectName=field"), project.error()
    layers = {layer.source().split("=")[-1]: layer for layer in project.mapLayers().values()}
    order = project.layerTreeRoot().layerOrder()
    findings = layers["findings"]
    answer = {
        "crs": project.crs().authid(),
        "order": [layer.source().split("=")[-1] for layer in order],
        "layers": {name: of_layer(layer) for name, layer in layers.items()},
        "widgets": {}, "required": [],
        "colours": drawn(order, project.viewSettings().defaultViewExtent()),
        "photo_named": findings.customProperty("QFieldSync/attachment_naming"),
    }  # fmt: skip
    for at, one in enumerate(findings.fields()):
        widget = findings.editorWidgetSetup(at)
        answer["widgets"][one.name()] = widget.type(), widget.config()
        strength = one.constraints().constraintStrength(QgsFieldConstraints.ConstraintNotNull)
        if strength == QgsFieldConstraints.ConstraintStrengthHard:
            answer["required"].append(one.name())
    made = QgsVectorLayerUtils.createFeature(findings, QgsGeometry.fromPointXY(QgsPointXY(114.4, 35.65)))
    answer["defaults"] = {one.name(): made[one.name()] for one in findings.fields() if made[one.name()]}
    said = {"cell": cell, "time": "2020-04-03 10:00", "by": "QGIS", "problem": "bare_soil", "text": "x"}
    for name, value in said.items():
        made.setAttribute(name, value)
    assert findings.startEditing() and findings.addFeature(made) and findings.commitChanges(), findings.commitErrors()
    return answer


def styled(gpkg, names):
    """Layers of a file by their default styles."""
    layers = [QgsVectorLayer(f"{gpkg}|layername={name}", name, "ogr") for name in names.split(",")]
    found = [layer.loadDefaultStyle()[1] for layer in layers]
    assert all(found), found
    about = {layer.name(): of_layer(layer) for layer in layers}
    return {"layers": about, "colours": drawn(layers, layers[-1].extent())}


if __name__ == "__main__":
    QgsApplication.setPrefixPath("/usr", True)
    app = QgsApplication([], True)
    app.initQgis()
    print(json.dumps({"field": field, "styled": styled}[sys.argv[1]](*sys.argv[2:]), default=str))
